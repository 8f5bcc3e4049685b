package import Primitives
package import ServiceModel

/// ec2Query: a variant of awsQuery with other field names and envelopes, used by EC2 only.
package struct EC2QueryProtocol: ServerProtocol {
    package let name = ProtocolName.ec2Query
    package let bodyFormat: any BodyFormat = XMLFormat()

    package init() {}

    package func reader(
        for operation: OperationSchema, in service: ServiceSchema, request: InboundRequest
    ) throws(ShapeError) -> any WireReader {
        try QueryReader(query: request.head.query, form: request.body, style: .ec2)
    }

    package func response(
        output: any WritableShape, for operation: OperationSchema, in service: ServiceSchema, exchange: Exchange
    ) -> ResponseMessage {
        var prefix = Array(XMLText.declaration.utf8)
        XMLText.appendStartTag(operation.name + "Response", service.xmlNamespace, to: &prefix)
        XMLText.appendElement("requestId", exchange.requestID.description, to: &prefix)
        var suffix: [UInt8] = []
        XMLText.appendEndTag(operation.name + "Response", to: &suffix)
        let writer = XMLWriter(root: .none(memberNamespace: nil), prefix: prefix, suffix: suffix)
        if operation.output.name != HTTPBindingRules.unitName { output.write(to: writer) }
        return self.message(operation.status, writer.takeBytes(), exchange)
    }

    package func response(
        error: ServiceError, for operation: OperationSchema?, in service: ServiceSchema?, exchange: Exchange
    ) -> ResponseMessage {
        let code = error.queryCode(in: operation)
        let envelope = XMLErrorEnvelope.ec2(error, code: code, requestID: exchange.requestID)
        return self.message(error.status, XMLErrorEnvelope.document(envelope, error), exchange)
    }

    private func message(_ status: Int, _ body: [UInt8], _ exchange: Exchange) -> ResponseMessage {
        ResponseMessage(
            status: status,
            headers: [
                "x-amzn-RequestId": exchange.requestID.description, "Content-Type": "text/xml;charset=UTF-8",
            ],
            body: body)
    }

    package func serviceError(for error: ShapeError, in service: ServiceSchema) -> ServiceError {
        switch error {
        case .invalidValue(let text, _, let member):
            ServiceError(
                code: "InvalidParameterValue",
                message: "Value (\(text)) for parameter \(member) is invalid.")
        default:
            ServiceError(code: "MalformedQueryString", message: QueryWording.message(for: error))
        }
    }

    package func serviceError(for violations: [ConstraintViolation], in service: ServiceSchema) -> ServiceError {
        if let missing = violations.first(where: { $0.demand == .notNull }) {
            let name = missing.path.reversed().lazy.compactMap { step -> String? in
                guard case .member(let name) = step else { return nil }
                return name
            }.first
            return ServiceError(
                code: "MissingParameter",
                message: "The request must contain the parameter \(name ?? "")")
        }
        return ServiceError(code: "InvalidParameterValue", message: ViolationWording.coral.sentence(violations))
    }
}
