/// What a request's data break; the message of a `ValidationException`.
package struct ValidationFailure: Error, Sendable, Hashable {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}
