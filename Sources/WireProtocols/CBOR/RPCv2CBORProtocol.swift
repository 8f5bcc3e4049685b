package import Primitives
package import ServiceModel

/// rpcv2Cbor: every operation is a POST to `/service/{Service}/operation/{Operation}` with `smithy-protocol:
/// rpc-v2-cbor`; input and output are CBOR maps.
///
/// - Source: Smithy, "Smithy RPC v2 CBOR protocol".
package struct RPCv2CBORProtocol: ServerProtocol {
    /// The value of `smithy-protocol`.
    package static let headerValue = "rpc-v2-cbor"

    package let name = ProtocolName.rpcv2Cbor
    package let bodyFormat: any BodyFormat = CBORFormat()

    package init() {}

    /// Service and operation of a path, which may have a prefix.
    /// - Returns: nil when the path does not belong to this protocol.
    package static func target(path: String) -> (service: String, operation: String)? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 5, parts[parts.count - 4] == "service", parts[parts.count - 2] == "operation" else {
            return nil
        }
        let service = String(parts[parts.count - 3])
        let operation = String(parts[parts.count - 1])
        return service.isEmpty || operation.isEmpty ? nil : (service, operation)
    }

    package func reader(
        for operation: OperationSchema, in service: ServiceSchema, request: InboundRequest
    ) throws(ShapeError) -> any WireReader {
        let headers = request.head.headers
        if let found = headers.first("Content-Type").map(MediaType.essence), !found.isEmpty {
            let isStream = operation.input.members.contains { $0.target.traits.isEventStream }
            let expected = isStream ? EventStreamCodec.contentType : self.bodyFormat.contentType
            guard found == expected else { throw .unsupportedMediaType }
        } else if !request.body.isEmpty {
            throw .unsupportedMediaType
        }
        if let accept = headers.first("Accept"), !accept.trimmed.isEmpty {
            let isStream = operation.output.members.contains { $0.target.traits.isEventStream }
            let expected = isStream ? EventStreamCodec.contentType : self.bodyFormat.contentType
            guard MediaType.accepts(accept, expected) else { throw .notAcceptable }
        }
        // A missing body means an empty map.
        return CBORReader(request.body.isEmpty ? [0xA0] : request.body)
    }

    package func response(
        output: any WritableShape, for operation: OperationSchema, in service: ServiceSchema, exchange: Exchange
    ) -> ResponseMessage {
        guard operation.output.name != HTTPBindingRules.unitName else {
            var message = self.message(operation.status, [], exchange)
            message.headers.remove("Content-Type")
            return message
        }
        let writer = CBORWriter()
        output.write(to: writer)
        return self.message(operation.status, writer.takeBytes(), exchange)
    }

    package func response(
        error: ServiceError, for operation: OperationSchema?, in service: ServiceSchema?, exchange: Exchange
    ) -> ResponseMessage {
        let schema = operation?.errors.first { $0.name == error.code }
        let types = JSONErrorTypes()
        var texts = [(name: "__type", value: service.map { "\(types.namespace(of: $0))#\(error.code)" } ?? error.code)]
        if !error.message.isEmpty {
            let name = schema?.members.first(where: ErrorDetailWriter.isMessage)?.name ?? "message"
            texts.append((name: name, value: error.message))
        }
        let writer = CBORWriter(leadingTexts: texts)
        let detail = error.detail ?? PlainErrorDetail()
        detail.write(to: ErrorDetailWriter(writer, keepsStructure: true, dropsMessage: !error.message.isEmpty))
        var message = self.message(error.status, writer.takeBytes(), exchange)
        if service?.isQueryCompatible == true {
            let code = error.queryCode(in: operation)
            message.headers.append("x-amzn-query-error", "\(code);\(error.isServerFault ? "Receiver" : "Sender")")
        }
        return message
    }

    private func message(_ status: Int, _ body: [UInt8], _ exchange: Exchange) -> ResponseMessage {
        ResponseMessage(
            status: status,
            headers: [
                "x-amzn-RequestId": exchange.requestID.description,
                "smithy-protocol": Self.headerValue,
                "Content-Type": self.bodyFormat.contentType,
            ],
            body: body)
    }

    package func serviceError(for error: ShapeError, in service: ServiceSchema) -> ServiceError {
        CoralWording(service: service).serviceError(for: error)
    }

    package func serviceError(for violations: [ConstraintViolation], in service: ServiceSchema) -> ServiceError {
        ServiceError(code: "ValidationException", message: ViolationWording.coral.sentence(violations))
    }
}
