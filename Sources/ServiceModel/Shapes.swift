/// A structure or union of a model.
package protocol ModelShape: Sendable {
    /// What the model says of it; the codec looks HTTP bindings up there.
    static var schema: ShapeSchema { get }
}

/// A shape that a request can hold.
package protocol ReadableShape: ModelShape {
    /// Reads a value at the reader's position.
    init(from reader: ShapeReader) throws(ShapeError)
}

/// A shape that a response can hold.
package protocol WritableShape: ModelShape {
    /// Writes itself: `beginStructure` ... `endStructure`.
    func write(to writer: any ShapeWriter)
}

/// An output that can be so large that it is not written on the event loop.
package protocol SizedOutput: WritableShape {
    /// Bytes of what it holds, as far as they matter. Cheap: it is asked for each answer.
    var heldBytes: Int { get }
}

/// A hand-written type to which a model's shape is bound by a patch, such as DynamoDB's attribute map to item bytes.
package protocol BoundShape: Sendable {
    /// Reads the value reached through `member`.
    init(from reader: ShapeReader, _ member: MemberSchema) throws(ShapeError)
    /// Writes the value reached through `member`.
    func write(to writer: any ShapeWriter, _ member: MemberSchema)
    /// Writes a list of values; `list` is what it is reached through.
    static func write(_ values: [Self], to writer: any ShapeWriter, _ list: MemberSchema)
    /// A value for a required member that is missing; the violation is reported, the value is never seen by a handler.
    static var missing: Self { get }
    /// The value as AWS prints it in a violation, not built much beyond `ValueText.charactersMax`.
    var violationText: String { get }
}

extension BoundShape {
    package static func write(_ values: [Self], to writer: any ShapeWriter, _ list: MemberSchema) {
        let element = list.target.element
        writer.beginList(list, count: values.count)
        for value in values {
            writer.element(element)
            value.write(to: writer, element)
        }
        writer.endList(list)
    }
}
