internal import ServiceModel

/// Runs the handler. It starts on the connection's event loop and finishes there unless it has to wait.
struct Invoke: Sendable {
    func callAsFunction(_ request: DecodedRequest) async throws(ServiceError) -> any WritableShape {
        try await request.operation.binding.invoke(request.input, request.context)
    }
}
