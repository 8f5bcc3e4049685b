/// A structure or union of a model.
package protocol ModelShape: Sendable {
    /// Its schema; codecs look up HTTP bindings there.
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

/// An output, or the detail of an error, that may be so large that it must not be written on the event loop.
package protocol SizedOutput: WritableShape {
    /// The approximate size of its content in bytes. Cheap, because it is asked for every answer.
    var heldBytes: Int { get }
}

/// A hand-written type that a patch binds to a model's shape, as DynamoDB's attribute map is bound to item bytes.
package protocol BoundShape: Sendable {
    /// Reads the value reached through `member`.
    init(from reader: ShapeReader, _ member: MemberSchema) throws(ShapeError)
    /// Writes the value reached through `member`.
    func write(to writer: any ShapeWriter, _ member: MemberSchema)
    /// Writes a list of values, which is reached through `list`.
    static func write(_ values: [Self], to writer: any ShapeWriter, _ list: MemberSchema)
    /// Takes the place of a missing required member; because of the violation no handler ever sees it.
    static var missing: Self { get }
    /// The value as AWS prints it in a violation; not much longer than `ValueText.charactersMax`.
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
