/// Cases that are not run, each with its reason. A case here that passes is reported, so the list stays short.
enum ConformanceExceptions {
    private static let noUser = "no service uses rpcv2Json"
    private static let compression = "tests what a client compresses: the case has no body to read"
    private static let emptyList = "tests what a client leaves out: an empty list in a query is no list"
    private static let emptyPayload = "tests what a client writes: `{}` is read as a structure without members"

    private static let queryParams =
        "leaves out what `httpQueryParams` takes: restJson1's case of the same request has it"
    private static let offset = "tests what a client reads: a server writes UTC"
    private static let unknownMembers = "the body holds members that the case's `params` do not"

    /// Whole protocols that are left out.
    static let protocols: [String: String] = ["smithy.protocols#rpcv2Json": noUser]

    /// Request cases by id.
    static let requests: [String: String] = [
        "SDKAppliedContentEncoding_awsJson1_0": compression,
        "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0": compression,
        "SDKAppliedContentEncoding_awsJson1_1": compression,
        "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1": compression,
        "SDKAppliedContentEncoding_restJson1": compression,
        "SDKAppendedGzipAfterProvidedEncoding_restJson1": compression,
        "RestJsonOmitsEmptyListQueryValues": emptyList,
        "RestJsonHttpWithEmptyStructurePayload": emptyPayload,
        "RestJsonHttpWithHeadersButNoPayload": emptyPayload,
        "SDKAppliedContentEncoding_awsQuery": compression,
        "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery": compression,
        "SDKAppliedContentEncoding_ec2Query": compression,
        "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query": compression,
        "SDKAppliedContentEncoding_restXml": compression,
        "SDKAppendedGzipAfterProvidedEncoding_restXml": compression,
        "QueryEmptyQueryMaps": emptyList,
        "Ec2EmptyQueryLists": emptyList,
        "AllQueryStringTypes": queryParams,
        "RestXmlQueryStringEscaping": queryParams,
        "RestXmlSupportsNaNFloatQueryValues": queryParams,
        "RestXmlSupportsInfinityFloatQueryValues": queryParams,
        "RestXmlSupportsNegativeInfinityFloatQueryValues": queryParams,
        "RestXmlZeroAndFalseQueryValues": queryParams,
    ]

    /// Response cases by id.
    static let responses: [String: String] = [
        "AwsJson11IntEnums": "the case expects the request header X-Amz-Target in a response",
        "Ec2QueryDateTimeWithNegativeOffset": offset,
        "Ec2QueryDateTimeWithPositiveOffset": offset,
        "RestXmlDateTimeWithNegativeOffset": offset,
        "RestXmlDateTimeWithPositiveOffset": offset,
        "Ec2ComplexError": unknownMembers,
        "ComplexError": unknownMembers,
        "InvalidGreetingError": unknownMembers,
    ]

    /// Malformed requests by id.
    static let malformed: [String: String] = [:]
}
