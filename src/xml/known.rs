//! The names that tables speak of, by namespace: each has a number, the same in every document. A table that speaks of
//! another name says so the first time it is made ready; the name is then added here.

use super::XML;

/// Namespaces, each with the local names of elements, those of no namespace with those of attributes. A namespace's
/// number is its place.
#[rustfmt::skip]
pub(super) static KNOWN: &[(&str, &str)] = &[
    ("", "\
        characterSetCode currencyCodeListVersionID currencyID encodingCode filename format languageID \
        languageLocaleID listAgencyID listAgencyName listID listName listSchemeURI listURI listVersionID mimeCode \
        name schemeAgencyID schemeAgencyName schemeDataURI schemeID schemeName schemeURI unitCode \
        unitCodeListAgencyIdentifier unitCodeListAgencyName unitCodeListID unitCodeListIdentifier uri"),
    (XML, ""),
    ("urn:oasis:names:specification:ubl:schema:xsd:Invoice-2", "Invoice"),
    ("urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2", "CreditNote"),
    ("urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2", "\
        AccountingContact AccountingCustomerParty AccountingSupplierParty AdditionalDocumentReference \
        AdditionalItemIdentification AdditionalItemProperty Address AddressLine AgentParty AllowanceCharge \
        AlternativeDeliveryLocation Attachment BillingReference BillingReferenceLine BuyerContact BuyerCustomerParty \
        BuyersItemIdentification CardAccount CarrierParty CatalogueDocumentReference CatalogueItemIdentification \
        Certificate ClassifiedTaxCategory Clause CommodityClassification Contact ContractDocumentReference \
        CorporateRegistrationScheme Country CreditAccount CreditNoteDocumentReference CreditNoteLine \
        DebitNoteDocumentReference Delivery DeliveryAddress DeliveryContact DeliveryLocation DeliveryParty \
        DeliveryTerms Despatch DespatchContact DespatchDocumentReference DespatchLineReference Dimension \
        DocumentReference EstimatedDeliveryPeriod ExchangeRate ExternalReference FinancialAccount \
        FinancialInstitution FinancialInstitutionBranch HazardousItem HeadOfficeParty \
        InformationContentProviderParty InvoiceDocumentReference InvoiceLine InvoicePeriod IssuerParty Item \
        ItemInstance ItemPriceExtension ItemPropertyGroup ItemPropertyRange ItemSpecificationDocumentReference \
        JurisdictionRegionAddress Language LegalMonetaryTotal LocationCoordinate ManufacturerParty \
        ManufacturersItemIdentification MaximumDeliveryUnit MeasurementDimension MinimumDeliveryUnit NotifyParty \
        OrderLineReference OrderReference OriginAddress OriginCountry OriginatorDocumentReference OriginatorParty \
        OtherCommunication Party PartyIdentification PartyLegalEntity PartyName PartyTaxScheme PayeeFinancialAccount \
        PayeeParty PayerFinancialAccount PayerParty PaymentAlternativeExchangeRate PaymentExchangeRate \
        PaymentMandate PaymentMeans PaymentReversalPeriod PaymentTerms PenaltyPeriod Person PhysicalAttribute \
        PhysicalLocation PostalAddress PowerOfAttorney PrepaidPayment Price PricingExchangeRate PricingReference \
        ProjectReference RangeDimension ReceiptDocumentReference ReceiptLineReference RegistrationAddress \
        ReminderDocumentReference RequestedDeliveryPeriod ResultOfVerification SelfBilledCreditNoteDocumentReference \
        SelfBilledInvoiceDocumentReference SellerContact SellerSupplierParty SellersItemIdentification \
        ServiceProviderParty SettlementPeriod ShareholderParty Shipment Signature StandardItemIdentification \
        StatementDocumentReference SubInvoiceLine SubsidiaryLocation TaxCategory TaxExchangeRate \
        TaxRepresentativeParty TaxScheme TaxSubtotal TaxTotal TradeFinancing TransactionConditions UsabilityPeriod \
        ValidityPeriod WithholdingTaxTotal WorkPhaseReference"),
    ("urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2", "\
        AccountFormatCode AccountTypeCode AccountingCost AccountingCostCode ActualDeliveryDate ActualDeliveryTime \
        AdditionalAccountID AdditionalInformation AdditionalStreetName AddressFormatCode AddressTypeCode AliasName \
        AllowanceChargeReason AllowanceChargeReasonCode AllowanceTotalAmount Amount BarcodeSymbologyID BaseAmount \
        BaseQuantity BaseUnitMeasure BlockName BrandName BuildingName BuildingNumber BuyerReference CV2ID \
        CalculationSequenceNumeric CardChipCode CardTypeCode CargoTypeCode CatalogueIndicator CharacterSetCode \
        ChargeIndicator ChargeTotalAmount ChipApplicationID CityName CitySubdivisionName CommodityCode CompanyID \
        CompanyLegalForm CompanyLegalFormCode CompanyLiquidationStatusCode Conditions CopyIndicator \
        CorporateStockAmount CountrySubentity CountrySubentityCode CreditNoteTypeCode CreditedQuantity CurrencyCode \
        CustomerAssignedAccountID CustomerReference CustomizationID DataSendingCapability Department Description \
        DescriptionCode District DocumentCurrencyCode DocumentDescription DocumentHash DocumentStatusCode \
        DocumentType DocumentTypeCode DueDate DurationMeasure ElectronicMail EmbeddedDocumentBinaryObject \
        EncodingCode EndDate EndTime EndpointID ExemptionReason ExemptionReasonCode ExpiryDate ExpiryTime ExtendedID \
        FileName Floor FormatCode FreeOfChargeIndicator FullyPaidSharesIndicator HashAlgorithmMethod \
        HazardousRiskIndicator HolderName ID IdentificationCode ImportanceCode IndustryClassificationCode \
        InformationURI InhouseMail InstallmentDueDate InstructionID InstructionNote InvoiceTypeCode InvoicedQuantity \
        InvoicingPartyReference IssueDate IssueNumberID IssueTime IssuerID ItemClassificationCode Keyword LanguageID \
        LatestDeliveryDate LatestDeliveryTime Line LineCountNumeric LineExtensionAmount LineID LineStatusCode \
        ListValue LocaleCode LocationTypeCode LogoReferenceID MandateTypeCode MarkAttention MarkAttentionIndicator \
        MarkCare MarkCareIndicator MaximumPaidAmount MaximumPaymentInstructionsNumeric MaximumQuantity MimeCode \
        MinimumQuantity ModelName MultiplierFactorNumeric Name NameCode NatureCode NetworkID Note OrderTypeCode \
        OrderableUnitFactorRate PackQuantity PackSizeNumeric PayableAlternativeAmount PayableAmount \
        PayableRoundingAmount PaymentAlternativeCurrencyCode PaymentChannelCode PaymentCurrencyCode PaymentDueDate \
        PaymentID PaymentMeansCode PaymentMeansID PaymentNote PaymentPercent PaymentPurposeCode \
        PaymentTermsDetailsURI PenaltyAmount PenaltySurchargePercent PerUnitAmount Percent PlotIdentification \
        PostalZone Postbox PrepaidAmount PrepaidIndicator PrepaidPaymentReferenceID PriceAmount PriceChangeReason \
        PriceList PriceType PriceTypeCode PricingCurrencyCode PrimaryAccountNumberID ProfileExecutionID ProfileID \
        Quantity ReferenceEventCode Region RegistrationDate RegistrationExpirationDate RegistrationName ReleaseID \
        Room RoundingAmount SalesOrderID SalesOrderLineID SequenceNumeric SettlementDiscountAmount \
        SettlementDiscountPercent SignatureID SoleProprietorshipIndicator StartDate StartTime StreetName \
        SupplierAssignedAccountID TaxAmount TaxCurrencyCode TaxEvidenceIndicator TaxExclusiveAmount \
        TaxExemptionReason TaxExemptionReasonCode TaxIncludedIndicator TaxInclusiveAmount TaxLevelCode TaxPointDate \
        TaxTypeCode TaxableAmount Telefax Telephone TestMethod TierRange TierRatePercent TimezoneOffset TrackingID \
        TransactionCurrencyTaxAmount UBLVersionID URI UUID ValidityPeriod ValidityStartDate Value ValueQualifier \
        ValueQuantity VersionID WebsiteURI XPath"),
    ("urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2", "\
        ExtensionContent UBLExtension UBLExtensions"),
    ("urn:AIFE:Facture:Extension", "CategoryCode FactureExtension"),
    ("urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100", "\
        CrossIndustryInvoice ExchangedDocument ExchangedDocumentContext SupplyChainTradeTransaction"),
    ("urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100", "\
        AccountName ActualAmount ActualDeliverySupplyChainEvent ActualDespatchSupplyChainEvent \
        ActualPickUpSupplyChainEvent ActualReceiptSupplyChainEvent ActualTradeCurrencyExchange \
        AdditionalReferenceReferencedDocument AdditionalReferencedDocument AdditionalStreetName \
        AllowanceChargeBasisAmount AllowanceTotalAmount AmountTypeCode ApplicableHeaderTradeAgreement \
        ApplicableHeaderTradeDelivery ApplicableHeaderTradeSettlement ApplicableMaterialGoodsCharacteristic \
        ApplicableProductCharacteristic ApplicableProductCharacteristicCondition ApplicableReferencedStandard \
        ApplicableTradeDeliveryTerms ApplicableTradePaymentDiscountTerms ApplicableTradePaymentPenaltyTerms \
        ApplicableTradeSettlementFinancialCard ApplicableTradeTax ApplicationSpecifiedDocumentContextParameter \
        AppliedTradeAllowanceCharge AreaDensityMeasure AssociatedDocumentLineDocument AssociatedReferencedDocument \
        AssociatedRegisteredTax AttachedSpecifiedBinaryFile AttachmentBinaryObject AttentionOf \
        AuthorizedLegalRegistration BICID BIMSpecifiedDocumentContextParameter BasisAmount BasisQuantity \
        BilledQuantity BillingSpecifiedPeriod BrandName BrandOwnerTradeParty BuildingName BuildingNumber \
        BusinessProcessSpecifiedDocumentContextParameter BuyerAgentTradeParty BuyerAssignedAccountantTradeParty \
        BuyerAssignedID BuyerDeductibleTaxSpecifiedTradeAccountingAccount \
        BuyerNonDeductibleTaxSpecifiedTradeAccountingAccount BuyerOrderReferencedDocument BuyerReference \
        BuyerRepayableTaxSpecifiedTradeAccountingAccount BuyerRequisitionerTradeParty BuyerTradeParty \
        CalculatedAmount CalculatedRate CalculationPercent CalculationSequenceNumeric CardholderName CareOf \
        CategoryCode CategoryName CategoryTradeTax CertificationEvidenceReferenceReferencedDocument ChangeReason \
        ChannelCode ChargeAmount ChargeFreeQuantity ChargeIndicator ChargeTotalAmount CityName CitySubDivisionName \
        ClassCode ClassName ClassProductCharacteristic ClearingSystemName ColourCode ColourDescription \
        CompleteDateTime CompleteNumber ConsumptionReportReferencedDocument Content ContentCode ContentTypeCode \
        ContinuousIndicator ContractReferencedDocument ControlRequirementIndicator CopyIndicator \
        CostReferenceDimensionPattern CountryID CountryName CountrySubDivisionID CountrySubDivisionName \
        CreditAvailableAmount CreditLimitAmount CreditReason CreditReasonCode CreditorReferenceID \
        CreditorReferenceIssuerID CreditorReferenceType CreditorReferenceTypeCode CurrencyCode CustomsDutyIndicator \
        DefinedTradeContact DeliveryNoteReferencedDocument DeliveryTradeLocation DemandForecastReferencedDocument \
        DepartmentName Description DescriptionBinaryObject DescriptionCode DesignatedProductClassification \
        Designation DespatchAdviceReferencedDocument DespatchedQuantity DirectDebitMandateID \
        DirectTelephoneUniversalCommunication DiscountIndicator DrainedNetWeightMeasure DueDateDateTime \
        DueDateTypeCode DuePayableAmount DurationMeasure EarliestOccurrenceDateTime EffectiveSpecifiedPeriod \
        EmailURIUniversalCommunication EndDateTime EndItemName EndItemTypeCode EndPointURIUniversalCommunication \
        ExemptionReason ExemptionReasonCode ExpiryDate FactoringAgreementReferencedDocument \
        FactoringListReferencedDocument FaxUniversalCommunication FormattedCancellationAnnouncedLaunchDateTime \
        FormattedIssueDateTime FormattedLatestProductDataChangeDateTime FromEventCode GlobalID GrandTotalAmount \
        GrossLineTotalAmount GrossPriceProductTradePrice GrossWeightMeasure GuaranteeMethodCode \
        GuidelineSpecifiedDocumentContextParameter IBANID ID IncludedNote IncludedReferencedProduct \
        IncludedSpecifiedMarketplace IncludedSubordinateTradeLineItem IncludedSupplyChainPackaging \
        IncludedSupplyChainTradeLineItem IncludedTradeTax InclusiveIndicator IndividualTradeProductInstance \
        Information InformationAmount InformationNote InspectionReferenceReferencedDocument \
        InstantMessagingUniversalCommunication InstructionTypeCode InterestRatePercent \
        InvoiceApplicableTradeCurrencyExchange InvoiceCurrencyCode InvoiceDateTime InvoiceIssuerReference \
        InvoiceReferencedDocument InvoiceeTradeParty InvoicerTradeParty IssueDateTime IssuerAssignedID \
        IssuerTradeParty ItemBuyerTradeParty ItemSellerTradeParty JobTitle Jurisdiction LanguageID \
        LatestOccurrenceDateTime LegalClassificationCode LegalRightsOwnerTradeParty LetterOfCreditReferencedDocument \
        LineFive LineFour LineID LineOne LineStatusCode LineStatusReasonCode LineThree LineTotalAmount \
        LineTotalBasisAmount LineTwo LinearSpatialDimension LocationFinancialInstitutionAddress \
        LogoAssociatedSpecifiedBinaryFile MSDSReferenceReferencedDocument ManufacturerAssignedID \
        ManufacturerTradeParty MaximumLinearSpatialDimension MaximumQuantity MeasurementMethodCode \
        MessageStandardSpecifiedDocumentContextParameter MicrochipIndicator MinimumLinearSpatialDimension \
        MinimumQuantity MobileTelephoneUniversalCommunication Name NetIncludingTaxesLineTotalAmount \
        NetLineTotalAmount NetPriceProductTradePrice NetWeightMeasure NextInvoiceDateTime OccurrenceDateTime \
        OccurrenceLogisticsLocation OccurrenceSpecifiedPeriod OpenIndicator OrderResponseReferencedDocument \
        OrderUnitConversionFactorNumeric OriginTradeCountry PackageQuantity PackingListReferencedDocument \
        ParentLineID PartialPaymentAmount PartialPaymentPercent PayableSpecifiedTradeAccountingAccount \
        PayeePartyCreditorFinancialAccount PayeeSpecifiedCreditorFinancialInstitution PayeeTradeParty \
        PayerPartyDebtorFinancialAccount PayerSpecifiedDebtorFinancialInstitution PayerTradeParty \
        PaymentApplicableTradeCurrencyExchange PaymentChannelCode PaymentCurrencyCode PaymentMeansID \
        PaymentMethodCode PaymentReference PerPackageUnitQuantity PersonID PersonName PlaceApplicableTradeLocation \
        PostOfficeBox PostalTradeAddress PostcodeCode PrepaidIndicator PresentationSpecifiedBinaryFile \
        PreviousDeliverySupplyChainEvent PreviousRevisionID PriceListReferencedDocument \
        ProFormaInvoiceReferencedDocument ProductEndUserTradeParty ProductGroupID ProductUnitQuantity \
        ProductValueExcludingTobaccoTaxInformationAmount ProductWeightLossInformationAmount \
        PromotionalDealReferencedDocument ProprietaryID PurchaseConditionsReferencedDocument \
        PurchaseSpecifiedTradeAccountingAccount Purpose PurposeCode QuotationReferencedDocument \
        RateApplicablePercent Reason ReasonCode ReceivableSpecifiedTradeAccountingAccount ReceivedQuantity \
        ReceivingAdviceReferencedDocument Reference ReferenceTypeCode RelatedSupplyChainConsignment \
        RequestedDeliverySupplyChainEvent RequestedQuantity RequisitionerReferencedDocument Responsibility \
        RetailValueExcludingTaxInformationAmount RevisionDateTime RevisionID RoleCode RoundingAmount \
        SalesAgentTradeParty SalesSpecifiedTradeAccountingAccount ScenarioSpecifiedDocumentContextParameter \
        SeasonCode SectionName SellerAssignedAccountantTradeParty SellerAssignedID SellerOrderReferencedDocument \
        SellerPayableTaxSpecifiedTradeAccountingAccount SellerRefundableTaxSpecifiedTradeAccountingAccount \
        SellerTaxRepresentativeTradeParty SellerTradeParty SequenceNumeric ServiceSupplyTradeCountry SetTriggerCode \
        SettlementPeriodMeasure ShipFromTradeParty ShipToTradeParty SpecifiedAdvancePayment SpecifiedContactPerson \
        SpecifiedDeliveryAdjustment SpecifiedDocumentVersion SpecifiedFinancialAdjustment SpecifiedLegalOrganization \
        SpecifiedLineTradeAgreement SpecifiedLineTradeDelivery SpecifiedLineTradeSettlement \
        SpecifiedLogisticsServiceCharge SpecifiedNote SpecifiedProcuringProject SpecifiedTaxRegistration \
        SpecifiedTradeAccountingAccount SpecifiedTradeAllowanceCharge SpecifiedTradePaymentTerms \
        SpecifiedTradeProduct SpecifiedTradeSettlementFinancialCard SpecifiedTradeSettlementHeaderMonetarySummation \
        SpecifiedTradeSettlementLineMonetarySummation SpecifiedTradeSettlementPaymentMeans SpecifiedTransactionID \
        StartDateFlexibilityCode StartDateTime StatusCode StreetName SubBrandName SubClassCode Subject SubjectCode \
        SubordinateTradeCountrySubDivision SubsetSpecifiedDocumentContextParameter SubtotalCalculatedTradeTax \
        SupplyInstructionReferencedDocument SystemID SystemName TaxApplicableTradeCurrencyExchange \
        TaxBasisAllowanceRate TaxBasisTotalAmount TaxCurrencyCode TaxPointDate TaxTotalAmount \
        TelephoneUniversalCommunication TelexUniversalCommunication TestIndicator TheoreticalWeightMeasure \
        TotalAdjustmentAmount TotalAllowanceChargeAmount TotalDepositFeeInformationAmount TotalDiscountAmount \
        TotalPrepaidAmount TotalRetailValueInformationAmount TradeComparisonReferencePrice TradeName \
        TradingBusinessName Type TypeCode URIID URIUniversalCommunication UltimateCustomerOrderReferencedDocument \
        UltimatePayeeTradeParty UltimateShipToTradeParty UnitBasisAmount UnitQuantity UseDescription \
        VOIPUniversalCommunication ValidFromDateTime ValiditySpecifiedPeriod ValuationBreakdownStatement Value \
        ValueCode ValueDateTime ValueIndicator ValueMeasure ValueSpecifiedBinaryFile VariableMeasureIndicator \
        VerificationNumeric VersionID"),
    ("urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100", "\
        DateString DateTime DateTimeString Indicator IndicatorString"),
    ("urn:un:unece:uncefact:data:standard:QualifiedDataType:100", "DateTimeString"),
    ("urn:guichet:depot:1", "\
        cadre date destinataire destinataire-service devise engagement fournisseur fournisseur-nom \
        fournisseur-service fournisseur-type ht marche moa moa-service moe moe-service net-a-payer numero piece-anterieure \
        piece-jointe principal ttc tva type valideur1 valideur1-type valideur2 valideur2-type"),
];
