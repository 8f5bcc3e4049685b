/// What a request's data break; the message of a `ValidationException`.
package struct ValidationFailure: Error, Sendable, Hashable {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}

extension ValidationFailure {
    /// An item beyond `AttributeMap.itemBytesMax`.
    package static let itemTooLarge = ValidationFailure("Item size has exceeded the maximum allowed size")

    /// Names or values of an expression beyond `AttributeMap.expressionParametersBytesMax`.
    package static func expressionParametersTooLarge(_ parameter: String) -> ValidationFailure {
        ValidationFailure("\(parameter) size has exceeded the maximum allowed size")
    }
}
