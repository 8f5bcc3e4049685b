/// A value without a schema: Smithy's `document`.
package indirect enum Document: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// The number's text, exactly as it was written.
    case number(String)
    case string(String)
    case array([Document])
    /// Members in their order; names are unique.
    case object([Member])

    /// One member of an object.
    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: Document

        package init(_ name: String, _ value: Document) {
            self.name = name
            self.value = value
        }
    }
}
