//! Work on every core, results in order, with a bound on what is under way.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::sync_channel;
use std::sync::{Condvar, Mutex};

/// Items under way for each worker: taken and not yet told.
const AHEAD: usize = 4;

/// What the workers share: where the items come from, and how far the telling is.
struct Source<I> {
    items: I,
    taken: usize,
    told: usize,
    over: bool,
}

/// Works on each item on some thread, and tells the results on this one, in order. Stops at the first error of `tell`.
pub fn in_order<T: Send, R: Send>(
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> R + Sync,
    mut tell: impl FnMut(R) -> io::Result<()>,
) -> io::Result<()> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let bound = workers * AHEAD;
    let source = Mutex::new(Source { items, taken: 0, told: 0, over: false });
    let moved_on = Condvar::new();
    let (send, receive) = sync_channel(bound);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (send, source, moved_on, work) = (send.clone(), &source, &moved_on, &work);
            scope.spawn(move || {
                while let Some((n, item)) = next(source, moved_on, bound) {
                    if send.send((n, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut done = BTreeMap::new();
        let mut expected = 0;
        for (n, result) in receive {
            done.insert(n, result);
            while let Some(result) = done.remove(&expected) {
                let told = tell(result);
                expected += 1;
                let mut source = source.lock().expect("no worker panics while it holds the source");
                source.told = expected;
                source.over |= told.is_err();
                moved_on.notify_all();
                drop(source);
                // Leaving drops the receiver: workers that wait to send give up.
                told?;
            }
        }
        Ok(())
    })
}

/// The next item and its number; waits while too many are under way.
fn next<T, I: Iterator<Item = T>>(source: &Mutex<Source<I>>, moved_on: &Condvar, bound: usize) -> Option<(usize, T)> {
    let locked = source.lock().expect("no worker panics while it holds the source");
    let mut source = moved_on
        .wait_while(locked, |s| !s.over && s.taken >= s.told + bound)
        .expect("no worker panics while it holds the source");
    if source.over {
        return None;
    }
    let item = source.items.next();
    let n = source.taken;
    source.taken += 1;
    source.over |= item.is_none();
    item.map(|item| (n, item))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn results_come_in_order_and_little_is_under_way() {
        let (begun, told) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let most = AtomicUsize::new(0);
        let work = |n: usize| {
            let under_way = begun.fetch_add(1, Ordering::SeqCst) + 1 - told.load(Ordering::SeqCst);
            most.fetch_max(under_way, Ordering::SeqCst);
            if n == 0 {
                std::thread::sleep(std::time::Duration::from_millis(30));
            }
            n
        };
        let mut seen = Vec::new();
        in_order(0..1000, work, |n| {
            seen.push(n);
            told.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, (0..1000).collect::<Vec<_>>());
        let bound = std::thread::available_parallelism().map_or(1, usize::from) * AHEAD;
        assert!(most.load(Ordering::SeqCst) <= bound + 1, "{most:?} under way");
    }

    #[test]
    fn an_error_of_the_teller_ends_it() {
        let mut told = 0;
        let end = in_order(0.., |n: u64| n, |_| {
            told += 1;
            if told == 3 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
        });
        assert_eq!((end.unwrap_err().kind(), told), (io::ErrorKind::BrokenPipe, 3));
    }
}
