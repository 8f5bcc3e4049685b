/// Cases of botocore that no server can be held to, each with its reason. Smithy says of most of them that they are a
/// client's; botocore does not tell the two apart.
enum BotocoreExceptions {
    static let requests = Self.table([
        "the client fills in a token that is not in `params`": [
            "Ec2ProtocolIdempotencyTokenAutoFill", "QueryProtocolIdempotencyTokenAutoFill",
            "QueryIdempotencyTokenAutoFill", "RestJsonQueryIdempotencyTokenAutoFill",
        ],
        "an empty map leaves no header behind": [
            "HttpPrefixHeadersAreNotPresent", "RestJsonHttpPrefixHeadersAreNotPresent",
        ],
        "a server puts every parameter in the map, Smithy's own cases for servers say so": [
            "RestXmlQueryParamsStringListMap", "RestXmlQueryPrecedence", "RestJsonQueryParamsStringListMap",
            "RestJsonQueryPrecedence",
        ],
    ])

    static let responses = Self.table([
        "the error's name in one of the places that a client must search; a server uses one": [
            "AwsJson10FooErrorUsingXAmznErrorType", "AwsJson10FooErrorUsingXAmznErrorTypeWithUri",
            "AwsJson10FooErrorUsingXAmznErrorTypeWithUriAndNamespace", "AwsJson10FooErrorUsingCode",
            "AwsJson10FooErrorUsingCodeAndNamespace", "AwsJson10FooErrorUsingCodeUriAndNamespace",
            "AwsJson10FooErrorWithDunderType", "AwsJson10FooErrorWithDunderTypeUriAndNamespace",
            "AwsJson11FooErrorUsingXAmznErrorType", "AwsJson11FooErrorUsingXAmznErrorTypeWithUri",
            "AwsJson11FooErrorUsingXAmznErrorTypeWithUriAndNamespace", "AwsJson11FooErrorUsingCode",
            "AwsJson11FooErrorUsingCodeAndNamespace", "AwsJson11FooErrorUsingCodeUriAndNamespace",
            "AwsJson11FooErrorWithDunderTypeAndNamespace", "AwsJson11FooErrorWithDunderTypeUriAndNamespace",
            "RestJsonFooErrorUsingXAmznErrorTypeWithUri", "RestJsonFooErrorUsingXAmznErrorTypeWithUriAndNamespace",
            "RestJsonFooErrorUsingCode", "RestJsonFooErrorUsingCodeAndNamespace",
            "RestJsonFooErrorUsingCodeUriAndNamespace", "RestJsonFooErrorWithDunderType",
            "RestJsonFooErrorWithDunderTypeAndNamespace", "RestJsonFooErrorWithDunderTypeUriAndNamespace",
        ],
        "members that a client must skip and a server does not write": [
            "AwsJson10DeserializeIgnoreType", "AwsJson11DeserializeIgnoreType", "RestJsonDeserializeIgnoreType",
            "RpcV2CborExtraFieldsInTheBodyShouldBeSkippedByClients", "AwsJson10HandlesUnexpectedJsonOutput",
            "handles_unexpected_json_output", "RpcV2CborPayloadWithUnsetUnion",
        ],
        "nulls that a client must skip and a server does not write": [
            "AwsJson10DeserializeAllowNulls", "AwsJson11StructuresDontDeserializeNullValues",
            "RestJsonDeserializesDenseSetMapAndSkipsNull", "RestJsonDoesntDeserializeNullStructureValues",
            "RpcV2CborDeserializesDenseSetMapAndSkipsNull", "RpcV2CborClientDoesntDeserializeNullStructureValues",
        ],
        "a server writes UTC": [
            "AwsJson11DateTimeWithNegativeOffset", "AwsJson11DateTimeWithPositiveOffset",
            "AwsQueryDateTimeWithNegativeOffset", "AwsQueryDateTimeWithPositiveOffset",
            "RestJsonDateTimeWithNegativeOffset", "RestJsonDateTimeWithPositiveOffset",
            "Ec2QueryDateTimeWithNegativeOffset", "Ec2QueryDateTimeWithPositiveOffset",
            "RestXmlDateTimeWithNegativeOffset", "RestXmlDateTimeWithPositiveOffset",
        ],
        "a body that is there or not: a client must take both, a server writes one": [
            "AwsJson10HandlesEmptyOutputShape", "handles_empty_output_shape",
            "RestJsonEmptyInputAndEmptyOutputJsonObjectOutput", "RestJsonGreetingWithErrorsNoPayload",
            "RestJsonHttpResponseCodeWithNoPayload", "RestJsonIgnoreQueryParamsInResponseNoPayload",
            "RestJsonNoInputAndOutputNoPayload", "empty_output_no_body", "NoOutputClientAllowsEmptyCbor",
            "NoOutputClientAllowsEmptyBody",
        ],
        "half-precision numbers and wider or narrower types than the model's: a client must take them": [
            "RpcV2CborFloat16Inf", "RpcV2CborFloat16NegInf", "RpcV2CborFloat16LSBNaN", "RpcV2CborFloat16MSBNaN",
            "RpcV2CborFloat16Subnormal", "RpcV2CborSupportsUpcastingDataOnDeserialize",
        ],
        "another spelling of the same content type": ["Ec2XmlEmptyLists"],
        "namespaces of members that botocore keeps on their shapes": ["XmlNamespaces"],
        "the body holds members that `error` does not": ["Ec2ComplexError", "ComplexError", "InvalidGreetingError"],
    ])

    private static func table(_ reasons: [String: [String]]) -> [String: String] {
        var table: [String: String] = [:]
        for (reason, ids) in reasons {
            for id in ids { table[id] = reason }
        }
        return table
    }
}
