package import Primitives
package import ServiceModel

/// awsQuery: the request is a form or query, the response XML.
package struct AWSQueryProtocol: ServerProtocol {
    package let name = ProtocolName.awsQuery
    package let bodyFormat: any BodyFormat = XMLFormat()

    package init() {}

    package func reader(
        for operation: OperationSchema, in service: ServiceSchema, request: InboundRequest
    ) throws(ShapeError) -> any WireReader {
        try QueryReader(query: request.head.query, form: request.body, style: .aws)
    }

    package func response(
        output: any WritableShape, for operation: OperationSchema, in service: ServiceSchema, exchange: Exchange
    ) -> ResponseMessage {
        var prefix: [UInt8] = []
        XMLText.appendStartTag(operation.name + "Response", service.xmlNamespace, to: &prefix)
        var suffix: [UInt8] = []
        XMLText.appendStartTag("ResponseMetadata", nil, to: &suffix)
        XMLText.appendElement("RequestId", exchange.requestID.description, to: &suffix)
        XMLText.appendEndTag("ResponseMetadata", to: &suffix)
        XMLText.appendEndTag(operation.name + "Response", to: &suffix)
        let hasOutput = operation.output.name != HTTPBindingRules.unitName
        let root = hasOutput ? operation.resultWrapper : nil
        let writer = XMLWriter(
            root: root.map { .element(name: $0, namespace: nil) } ?? .none(memberNamespace: nil),
            prefix: prefix, suffix: suffix)
        if hasOutput { output.write(to: writer) }
        return self.message(operation.status, writer.takeBytes(), exchange)
    }

    package func response(
        error: ServiceError, for operation: OperationSchema?, in service: ServiceSchema?, exchange: Exchange
    ) -> ResponseMessage {
        let code = error.queryCode(in: operation)
        // Errors that do not belong to an operation have the namespace that all services share.
        let namespace = operation == nil && code == "InvalidAction" ? Self.faults : service?.xmlNamespace
        let envelope = XMLErrorEnvelope.wrapped(
            error, code: code, namespace: namespace, requestID: exchange.requestID)
        return self.message(error.status, XMLErrorEnvelope.document(envelope, error), exchange)
    }

    /// - Source: an answer of STS to an action without a version, in Envoy's `sts_fetcher.cc`.
    private static let faults = XMLNamespace(uri: "http://webservices.amazon.com/AWSFault/2005-15-09")

    private func message(_ status: Int, _ body: [UInt8], _ exchange: Exchange) -> ResponseMessage {
        ResponseMessage(
            status: status,
            headers: ["x-amzn-RequestId": exchange.requestID.description, "Content-Type": "text/xml"],
            body: body)
    }

    package func serviceError(for error: ShapeError, in service: ServiceSchema) -> ServiceError {
        ServiceError(code: "MalformedInput", message: QueryWording.message(for: error))
    }

    package func serviceError(for violations: [ConstraintViolation], in service: ServiceSchema) -> ServiceError {
        ServiceError(code: "ValidationError", message: ViolationWording.coral.sentence(violations))
    }
}
