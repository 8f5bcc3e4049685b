package import Primitives
package import ServiceModel

/// awsJson1.0 and awsJson1.1: every operation is a POST to `/` with its name in `X-Amz-Target` and its input as the
/// body.
package struct AWSJSONProtocol: ServerProtocol {
    package let name: ProtocolName
    package let bodyFormat: any BodyFormat
    private let contentType: String
    private let errorTypes: JSONErrorTypes

    /// `name` is `awsJson1_0` or `awsJson1_1`.
    package init(_ name: ProtocolName, errorTypes: JSONErrorTypes = JSONErrorTypes()) {
        precondition(name == .awsJson1_0 || name == .awsJson1_1, "\(name) is not an awsJson protocol")
        self.name = name
        self.contentType = name == .awsJson1_0 ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1"
        self.bodyFormat = JSONFormat(contentType: self.contentType, strictness: .coral)
        self.errorTypes = errorTypes
    }

    package func reader(
        for operation: OperationSchema, in service: ServiceSchema, request: InboundRequest
    ) throws(ShapeError) -> any WireReader {
        if request.body.isEmpty, operation.input.members.isEmpty { return JSONReader(Array("{}".utf8)) }
        return JSONReader(request.body)
    }

    package func response(
        output: any WritableShape, for operation: OperationSchema, in service: ServiceSchema, exchange: Exchange
    ) -> ResponseMessage {
        guard operation.output.name != HTTPBindingRules.unitName else {
            return self.message(operation.status, [], service, exchange)
        }
        let writer = JSONWriter(ignoringJSONNames: true)
        output.write(to: writer)
        return self.message(operation.status, writer.takeBytes(), service, exchange)
    }

    package func response(
        error: ServiceError, for operation: OperationSchema?, in service: ServiceSchema?, exchange: Exchange
    ) -> ResponseMessage {
        let schema = operation?.errors.first { $0.name == error.code }
        let type = self.errorTypes.type(
            of: error.code, isModelled: schema != nil, in: service, protocol: self.name)
        let writer = JSONWriter(ignoringJSONNames: true)
        let body = JSONErrorBody(writer) {
            writer.addedMember("__type", type)
        } afterMembers: { hasMessage in
            guard !hasMessage, !error.message.isEmpty else { return }
            writer.addedMember(self.errorTypes.messageName(of: error.code, modelled: schema), error.message)
        }
        (error.detail ?? PlainErrorDetail()).write(to: body)
        var message = self.message(error.status, writer.takeBytes(), service, exchange)
        if exchange.isQueryMode, service?.isQueryCompatible ?? false {
            let code = error.queryCode(in: operation)
            message.headers.append("x-amzn-query-error", "\(code);\(error.isServerFault ? "Receiver" : "Sender")")
        }
        return message
    }

    private func message(
        _ status: Int, _ body: [UInt8], _ service: ServiceSchema?, _ exchange: Exchange
    ) -> ResponseMessage {
        var headers = HeaderFields()
        headers.reserveCapacity(8)
        headers.append("x-amzn-RequestId", exchange.requestID.description)
        var body = body
        if service?.quirks.contains(.checksums) ?? false {
            if body.count >= ContentEncoding.answerBytesMin, exchange.acceptsGzip,
                let compressed = ContentEncoding.gzip(body)
            {
                body = compressed
                headers.append("Content-Encoding", "gzip")
            }
            // DynamoDB's clients compare it with a checksum of the body as transferred; no other service sends the
            // header.
            // - Source: aws-sdk-go-v2, `service/dynamodb/internal/customizations`: "the checksum is of the gzipped
            //   response".
            headers.append("x-amz-crc32", String(Checksum.crc32(body.span)))
        }
        headers.append("Content-Type", self.contentType)
        return ResponseMessage(status: status, headers: headers, body: body)
    }

    package func serviceError(for error: ShapeError, in service: ServiceSchema) -> ServiceError {
        ServiceError(
            code: "SerializationException", message: CoralWording(service: service).message(for: error) ?? "")
    }

    package func serviceError(for violations: [ConstraintViolation], in service: ServiceSchema) -> ServiceError {
        ServiceError(code: "ValidationException", message: ViolationWording.coral.sentence(violations))
    }
}
