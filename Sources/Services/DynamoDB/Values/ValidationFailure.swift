/// A rule that a request's data violate, as the message of a `ValidationException`.
package struct ValidationFailure: Error, Sendable, Equatable {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}

extension ValidationFailure {
    /// An item that `AttributeMap.isTooLarge`.
    package static let itemTooLarge = ValidationFailure("Item size has exceeded the maximum allowed size")

    /// An attribute without a name, in an item or in a map at any depth.
    /// - Source: the constraint is in the Developer Guide ("Naming rules"); the message is AWS's for an empty name in
    ///   ExpressionAttributeNames.
    package static let emptyAttributeName = ValidationFailure("Empty attribute name")

    /// Names or values of an expression beyond `AttributeMap.expressionParametersBytesMax`.
    package static func expressionParametersTooLarge(_ parameter: String) -> ValidationFailure {
        ValidationFailure("\(parameter) size has exceeded the maximum allowed size")
    }
}
