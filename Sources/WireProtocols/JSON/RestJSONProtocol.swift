package import Primitives
package import ServiceModel

/// restJson1: operations are methods on paths; the model's HTTP bindings say where each member is transferred.
package struct RestJSONProtocol: ServerProtocol {
    package let name = ProtocolName.restJson1
    package let bodyFormat: any BodyFormat = JSONFormat()

    package init() {}

    package func reader(
        for operation: OperationSchema, in service: ServiceSchema, request: InboundRequest
    ) throws(ShapeError) -> any WireReader {
        let type = self.bodyFormat.contentType
        try HTTPBindingRules.checkContentType(request, input: operation.input, structureType: type)
        try HTTPBindingRules.checkAccept(request, output: operation.output, structureType: type)
        return BoundRequestReader(request, format: self.bodyFormat)
    }

    package func response(
        output: any WritableShape, for operation: OperationSchema, in service: ServiceSchema, exchange: Exchange
    ) -> ResponseMessage {
        guard operation.output.name != HTTPBindingRules.unitName else {
            let headers: HeaderFields = ["x-amzn-RequestId": exchange.requestID.description]
            return ResponseMessage(status: operation.status, headers: headers)
        }
        let writer = BoundResponseWriter(format: self.bodyFormat, status: operation.status)
        output.write(to: writer)
        var message = writer.takeResponse()
        message.headers.append("x-amzn-RequestId", exchange.requestID.description)
        return message
    }

    package func response(
        error: ServiceError, for operation: OperationSchema?, in service: ServiceSchema?, exchange: Exchange
    ) -> ResponseMessage {
        let schema = operation?.errors.first { $0.name == error.code }
        let writer = BoundResponseWriter(format: self.bodyFormat, status: error.status)
        let body = JSONErrorBody(writer) {
        } afterMembers: { hasMessage in
            guard !hasMessage, !error.message.isEmpty else { return }
            let name = JSONErrorTypes().messageName(of: error.code, modelled: schema)
            writer.beforeBodyEnd = { body in (body as? JSONWriter)?.addedMember(name, error.message) }
        }
        (error.detail ?? PlainErrorDetail()).write(to: body)
        var message = writer.takeResponse()
        message.headers.append("x-amzn-RequestId", exchange.requestID.description)
        message.headers.append("x-amzn-ErrorType", error.code)
        return message
    }

    package func serviceError(for error: ShapeError, in service: ServiceSchema) -> ServiceError {
        CoralWording(service: service).serviceError(for: error)
    }

    package func serviceError(for violations: [ConstraintViolation], in service: ServiceSchema) -> ServiceError {
        if service.quirks.contains(.coralViolations) {
            return ServiceError(code: "ValidationException", message: ViolationWording.coral.sentence(violations))
        }
        return ServiceError(
            code: "ValidationException",
            message: ViolationWording.smithy.sentence(violations),
            detail: ValidationExceptionDetail(violations)
        )
    }
}
