/// The wire protocols of AWS.
package enum ProtocolName: String, Sendable, Hashable, CaseIterable {
    case awsJson1_0, awsJson1_1, restJson1, restXml, awsQuery, ec2Query, rpcv2Cbor
}

/// One operation of a service model. A class: every request hands it from step to step.
package final class OperationSchema: Sendable {
    package let name: String
    /// A structure; empty when the operation takes nothing.
    package let input: ShapeSchema
    package let output: ShapeSchema
    package let errors: [ShapeSchema]
    /// `POST` for protocols that do not bind HTTP.
    package let method: String
    /// The URI template, such as `/model/{modelId}/converse` or `/{Bucket}/{Key+}?uploads`.
    package let uri: String
    /// The status of success.
    package let status: Int
    /// The awsQuery wrapper, `<Operation>Result`, unless the model names another; nil for none.
    package let resultWrapper: String?
    /// Whether AWS accepts it unsigned, such as STS's web-identity operations.
    package let isUnsigned: Bool
    /// Prefix of the host name that SDKs add, such as `data-`.
    package let hostPrefix: String?
    /// Whether the body is a checksummed or streamed blob, which the handler reads piece by piece.
    package var hasStreamingInput: Bool {
        self.input.members.contains {
            $0.traits.location == .payload && ($0.target.traits.isStreaming || $0.target.traits.isEventStream)
        }
    }

    package init(
        name: String,
        input: ShapeSchema,
        output: ShapeSchema,
        errors: [ShapeSchema] = [],
        method: String = "POST",
        uri: String = "/",
        status: Int = 200,
        resultWrapper: String? = nil,
        isUnsigned: Bool = false,
        hostPrefix: String? = nil
    ) {
        self.name = name
        self.input = input
        self.output = output
        self.errors = errors
        self.method = method
        self.uri = uri
        self.status = status
        self.resultWrapper = resultWrapper
        self.isUnsigned = isUnsigned
        self.hostPrefix = hostPrefix
    }
}

/// A service model at run time: what the gateway needs to recognise its requests and the codecs to read them.
/// A class: every request hands it from step to step.
package final class ServiceSchema: Sendable {
    /// botocore's folder name, such as `dynamodbstreams`.
    package let id: String
    /// The service in credential scopes, such as `dynamodb`.
    package let signingName: String
    /// The first label of the service's host, such as `streams.dynamodb`.
    package let endpointPrefix: String
    /// The Smithy service shape and the prefix of `X-Amz-Target`, such as `DynamoDB_20120810`.
    package let targetPrefix: String?
    package let apiVersion: String
    /// In the order of preference of the model.
    package let protocols: [ProtocolName]
    /// SQS, CloudWatch: `x-amzn-query-mode` is understood.
    package let isQueryCompatible: Bool
    package let quirks: ServiceQuirks
    package let xmlNamespace: XMLNamespace?
    /// The operations that have a handler.
    package let operations: [OperationSchema]
    /// Every operation of the AWS service, so that one without a handler is answered honestly.
    package let operationNames: [String]

    package init(
        id: String,
        signingName: String,
        endpointPrefix: String,
        targetPrefix: String?,
        apiVersion: String,
        protocols: [ProtocolName],
        isQueryCompatible: Bool = false,
        quirks: ServiceQuirks = [],
        xmlNamespace: XMLNamespace? = nil,
        operations: [OperationSchema],
        operationNames: [String]
    ) {
        self.id = id
        self.signingName = signingName
        self.endpointPrefix = endpointPrefix
        self.targetPrefix = targetPrefix
        self.apiVersion = apiVersion
        self.protocols = protocols
        self.isQueryCompatible = isQueryCompatible
        self.quirks = quirks
        self.xmlNamespace = xmlNamespace
        self.operations = operations
        self.operationNames = operationNames
    }
}
