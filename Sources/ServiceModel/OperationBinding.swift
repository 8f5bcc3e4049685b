/// The input of a request, for code that does not know its operation.
///
/// A class behind a protocol: an input has up to dozens of members, and taking it out of an existential would copy
/// each.
package protocol DecodedInput: AnyObject, Sendable {
    /// The input as a value of its own.
    var shape: any ReadableShape { get }
}

/// The input of an operation.
package final class Decoded<Input: ReadableShape>: DecodedInput {
    package let value: Input

    package init(_ value: Input) {
        self.value = value
    }

    package var shape: any ReadableShape { self.value }
}

extension ReadableShape {
    /// This input, type-erased.
    package var decoded: any DecodedInput { Decoded(self) }
}

/// One operation of one service, type-erased: what the gateway decodes, authorises and invokes.
///
/// A class: every request passes it on, and the closures of a structure would be retained one by one.
package final class OperationBinding: Sendable {
    package let schema: OperationSchema
    /// Reads the input; violations are collected in the reader.
    package let decode: @Sendable (ShapeReader) throws(ShapeError) -> any DecodedInput
    /// The actions and resources of a request, for authorisation.
    package let access: @Sendable (any DecodedInput, RequestContext) -> [ResourceAccess]
    private let handle: Handler
    /// Called before the handler; nil when there is none.
    private let check: Check?
    private let observer: OperationObserver?
    /// Whether the output conforms to `SizedOutput`. Stored, because asking an output takes longer than writing a small
    /// one.
    package let hasSizedOutput: Bool

    private typealias Handler =
        @Sendable (any DecodedInput, RequestContext) async throws(ServiceError) -> any WritableShape
    /// Whether a check certainly accepts a request.
    package typealias AlwaysAccepts = @Sendable (RequestContext) -> Bool
    /// Checks a request, and looks at its actions and resources if it needs to.
    package typealias AccessCheck =
        @Sendable (_ access: () -> [ResourceAccess], RequestContext) async throws(ServiceError) -> Void

    private final class Check: Sendable {
        let ask: AccessCheck
        let alwaysAccepts: AlwaysAccepts

        init(_ ask: @escaping AccessCheck, unless alwaysAccepts: @escaping AlwaysAccepts) {
            self.ask = ask
            self.alwaysAccepts = alwaysAccepts
        }
    }

    package init<Input: ReadableShape, Output: WritableShape>(
        _ schema: OperationSchema,
        input: Input.Type,
        access: @escaping @Sendable (Input, RequestContext) -> [ResourceAccess],
        invoke: @escaping @Sendable (Input, RequestContext) async throws(ServiceError) -> Output
    ) {
        self.schema = schema
        self.decode = { (reader) throws(ShapeError) in Decoded(try Input(from: reader)) }
        self.access = { input, context in access(Self.typed(input, as: Input.self).value, context) }
        self.handle = { (input, context) async throws(ServiceError) in
            try await invoke(Self.typed(input, as: Input.self).value, context)
        }
        self.check = nil
        self.observer = nil
        self.hasSizedOutput = Output.self is any SizedOutput.Type
    }

    /// An operation that another process runs: its requests are only identified here.
    fileprivate init(elsewhere schema: OperationSchema) {
        self.schema = schema
        self.decode = { (_) throws(ShapeError) in preconditionFailure("\(schema.name) runs in another process") }
        self.access = { _, _ in preconditionFailure("\(schema.name) runs in another process") }
        self.handle = { (_, _) throws(ServiceError) in preconditionFailure("\(schema.name) runs in another process") }
        self.check = nil
        self.observer = nil
        self.hasSizedOutput = false
    }

    private init(_ original: OperationBinding, _ check: Check?, _ observer: OperationObserver?) {
        self.schema = original.schema
        self.decode = original.decode
        self.access = original.access
        self.handle = original.handle
        self.check = check
        self.observer = observer
        self.hasSizedOutput = original.hasSizedOutput
    }

    /// This operation with a check before it. The check is skipped if `alwaysAccepts` says so of the request;
    /// what it throws becomes the answer.
    package func preceded(
        by check: @escaping AccessCheck, unless alwaysAccepts: @escaping AlwaysAccepts
    ) -> OperationBinding {
        precondition(self.check == nil, "one check asks for an operation")
        return OperationBinding(self, Check(check, unless: alwaysAccepts), self.observer)
    }

    /// This operation with an observer, which is told about the end of each request, including those that a check
    /// refused.
    package func observed(by observer: OperationObserver) -> OperationBinding {
        precondition(self.observer == nil, "one observer is told of an operation")
        return OperationBinding(self, self.check, observer)
    }

    /// Calls the check, the handler and the observer. One function rather than nested ones: each that suspends costs a
    /// look at the executor on its way back.
    package func invoke(
        _ input: any DecodedInput, _ context: RequestContext
    ) async throws(ServiceError) -> any WritableShape {
        let start = ContinuousClock.now
        do throws(ServiceError) {
            if let check = self.check, !check.alwaysAccepts(context) {
                try await check.ask({ self.access(input, context) }, context)
            }
            let output = try await self.handle(input, context)
            self.observer?.answered(input, context, output, ContinuousClock.now - start)
            return output
        } catch {
            self.observer?.refused(input, context, error)
            throw error
        }
    }

    private static func typed<Input: ReadableShape>(
        _ input: any DecodedInput, as type: Input.Type
    ) -> Decoded<Input> {
        guard let typed = input as? Decoded<Input> else {
            preconditionFailure("\(Swift.type(of: input)) was given to an operation that takes \(Input.self)")
        }
        return typed
    }
}

/// Is told how the requests of an operation ended. Called on the thread that processed the request: must be quick and
/// never wait.
package final class OperationObserver: Sendable {
    /// The duration is that of the handler.
    package typealias Answered =
        @Sendable (any DecodedInput, RequestContext, any WritableShape, Duration) -> Void
    package typealias Refused = @Sendable (any DecodedInput, RequestContext, ServiceError) -> Void

    let answered: Answered
    let refused: Refused

    package init(answered: @escaping Answered, refused: @escaping Refused) {
        self.answered = answered
        self.refused = refused
    }
}

/// A service as the gateway knows it: a descriptor and its operations.
package struct ServiceBinding: Sendable {
    package let schema: ServiceSchema
    /// In the order of `schema.operations`.
    package let operations: [OperationBinding]
    /// Told about every error that a client is answered with, even if no handler was reached; nil when nobody needs it.
    package var onError: (@Sendable (ServiceError, RequestContext) -> Void)?

    package init(schema: ServiceSchema, operations: [OperationBinding]) {
        precondition(schema.operations.count == operations.count, "\(schema.id): an operation lacks its handler")
        self.schema = schema
        self.operations = operations
    }

    /// A service that another process runs: its requests are identified here and forwarded.
    package init(elsewhere schema: ServiceSchema) {
        self.init(schema: schema, operations: schema.operations.map(OperationBinding.init(elsewhere:)))
    }

    /// This service with a check before each of its operations; see `OperationBinding.preceded`.
    package func preceded(
        by check: @escaping OperationBinding.AccessCheck, unless alwaysAccepts: @escaping OperationBinding.AlwaysAccepts
    ) -> ServiceBinding {
        self.replacing(self.operations.map { $0.preceded(by: check, unless: alwaysAccepts) })
    }

    /// This service with an observer for each operation that `observer` returns one for.
    package func observed(by observer: (OperationSchema) -> OperationObserver?) -> ServiceBinding {
        self.replacing(
            self.operations.map { operation in
                observer(operation.schema).map { operation.observed(by: $0) } ?? operation
            })
    }

    private func replacing(_ operations: [OperationBinding]) -> ServiceBinding {
        var copy = ServiceBinding(schema: self.schema, operations: operations)
        copy.onError = self.onError
        return copy
    }
}
