internal import Primitives
internal import ServiceModel

/// Writes an error's modelled members and, if they do not include it, its message.
///
/// It wraps the writer of the error's body, because only the shape knows which members it will write and only the
/// protocol knows which are required.
final class JSONErrorBody: ShapeWriter {
    private let writer: any ShapeWriter
    private let beforeMembers: () -> Void
    private let afterMembers: (_ hasMessage: Bool) -> Void
    private var depth = 0
    private var hasMessage = false

    init(
        _ writer: any ShapeWriter,
        beforeMembers: @escaping () -> Void,
        afterMembers: @escaping (_ hasMessage: Bool) -> Void
    ) {
        self.writer = writer
        self.beforeMembers = beforeMembers
        self.afterMembers = afterMembers
    }

    func beginStructure(_ schema: ShapeSchema) {
        self.depth += 1
        self.writer.beginStructure(schema)
        if self.depth == 1 { self.beforeMembers() }
    }

    func member(_ member: MemberSchema) {
        if self.depth == 1, member.name.lowercased() == "message" { self.hasMessage = true }
        self.writer.member(member)
    }

    func endStructure() {
        if self.depth == 1 { self.afterMembers(self.hasMessage) }
        self.depth -= 1
        self.writer.endStructure()
    }

    func beginList(_ member: MemberSchema, count: Int) { self.writer.beginList(member, count: count) }
    func element(_ member: MemberSchema) { self.writer.element(member) }
    func endList(_ member: MemberSchema) { self.writer.endList(member) }
    func beginMap(_ member: MemberSchema, count: Int) { self.writer.beginMap(member, count: count) }
    func key(_ key: String, _ member: MemberSchema) { self.writer.key(key, member) }
    func key(_ key: Span<UInt8>, _ member: MemberSchema) { self.writer.key(key, member) }
    func endMap(_ member: MemberSchema) { self.writer.endMap(member) }
    func null() { self.writer.null() }
    func string(_ value: String, _ member: MemberSchema) { self.writer.string(value, member) }
    func string(_ value: Span<UInt8>, _ member: MemberSchema) { self.writer.string(value, member) }
    func boolean(_ value: Bool, _ member: MemberSchema) { self.writer.boolean(value, member) }
    func integer(_ value: Int64, _ member: MemberSchema) { self.writer.integer(value, member) }
    func double(_ value: Double, _ member: MemberSchema) { self.writer.double(value, member) }
    func bigNumber(_ value: String, _ member: MemberSchema) { self.writer.bigNumber(value, member) }
    func timestamp(_ value: Timestamp, _ member: MemberSchema) { self.writer.timestamp(value, member) }
    func blob(_ value: Span<UInt8>, _ member: MemberSchema) { self.writer.blob(value, member) }
    func document(_ value: Document, _ member: MemberSchema) { self.writer.document(value, member) }
}

/// An error without modelled members: an empty structure.
struct PlainErrorDetail: WritableShape {
    static let schema: ShapeSchema = {
        let schema = ShapeSchema(name: "Error", type: .structure)
        schema.define(members: [])
        return schema
    }()

    func write(to writer: any ShapeWriter) {
        writer.beginStructure(Self.schema)
        writer.endStructure()
    }
}
