internal import ServiceModel

/// Runs the handler. It starts on the connection's event loop, and finishes there unless it has to wait.
struct Invoke: Sendable {
    func callAsFunction(_ call: Call) async throws(ServiceError) -> any WritableShape {
        try await call.operation.binding.invoke(call.input, call.context)
    }
}
