package import Primitives
package import ServiceModel

/// restXml: operations are methods on paths; the model's HTTP bindings say where each member is transferred; bodies are
/// XML.
package struct RestXMLProtocol: ServerProtocol {
    package let name = ProtocolName.restXml
    package let bodyFormat: any BodyFormat = XMLFormat()
    /// Services, by the first label of their host, whose errors have no envelope: `<Error>` is the root.
    private let bareErrorServices: Set<String>

    package init(bareErrorServices: Set<String> = ["s3"]) {
        self.bareErrorServices = bareErrorServices
    }

    /// AWS's XML services ignore `Content-Type` and `Accept`, and SDKs send various values.
    package func reader(
        for operation: OperationSchema, in service: ServiceSchema, request: InboundRequest
    ) throws(ShapeError) -> any WireReader {
        BoundRequestReader(request, format: self.bodyFormat)
    }

    package func response(
        output: any WritableShape, for operation: OperationSchema, in service: ServiceSchema, exchange: Exchange
    ) -> ResponseMessage {
        guard operation.output.name != HTTPBindingRules.unitName else {
            return self.identified(ResponseMessage(status: operation.status), service, exchange)
        }
        let format = XMLFormat(namespace: service.xmlNamespace)
        let writer = BoundResponseWriter(format: format, status: operation.status)
        output.write(to: writer)
        return self.identified(writer.takeResponse(), service, exchange)
    }

    package func response(
        error: ServiceError, for operation: OperationSchema?, in service: ServiceSchema?, exchange: Exchange
    ) -> ResponseMessage {
        let envelope =
            self.isBare(service)
            ? XMLErrorEnvelope.bare(error, code: error.code, requestID: exchange.requestID)
            : XMLErrorEnvelope.wrapped(
                error, code: error.code, namespace: service?.xmlNamespace, requestID: exchange.requestID)
        let writer = BoundResponseWriter(format: XMLFormat(envelope: envelope), status: error.status)
        let detail = error.detail ?? PlainErrorDetail()
        detail.write(to: ErrorDetailWriter(writer, keepsStructure: true, dropsMessage: !error.message.isEmpty))
        return self.identified(writer.takeResponse(), service, exchange)
    }

    private func isBare(_ service: ServiceSchema?) -> Bool {
        service.map { self.bareErrorServices.contains($0.endpointPrefix) } ?? false
    }

    private func identified(
        _ message: ResponseMessage, _ service: ServiceSchema?, _ exchange: Exchange
    ) -> ResponseMessage {
        var message = message
        message.headers.append(
            self.isBare(service) ? "x-amz-request-id" : "x-amzn-RequestId", exchange.requestID.description)
        return message
    }

    package func serviceError(for error: ShapeError, in service: ServiceSchema) -> ServiceError {
        if self.isBare(service) {
            return ServiceError(
                code: "MalformedXML",
                message: "The XML you provided was not well-formed or did not validate against our published schema")
        }
        return ServiceError(code: "MalformedInput", message: QueryWording.message(for: error))
    }

    package func serviceError(for violations: [ConstraintViolation], in service: ServiceSchema) -> ServiceError {
        ServiceError(code: "InvalidInput", message: ViolationWording.coral.sentence(violations))
    }
}
