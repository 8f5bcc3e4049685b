internal import Primitives
internal import ServiceModel

/// Writes an error's modelled members into a structure that the protocol has begun. Drops the message, if the protocol
/// has written it, and the structure's begin and end, if the structure is already open.
final class ErrorDetailWriter: ShapeWriter {
    private let writer: any ShapeWriter
    private let keepsStructure: Bool
    private let dropsMessage: Bool
    private var depth = 0
    /// Whether the next value is the message.
    private var isDropping = false

    /// - Parameters:
    ///   - writer: receives the members.
    ///   - keepsStructure: whether the structure's begin and end are passed on as well.
    ///   - dropsMessage: whether the message was already written.
    init(_ writer: any ShapeWriter, keepsStructure: Bool, dropsMessage: Bool) {
        self.writer = writer
        self.keepsStructure = keepsStructure
        self.dropsMessage = dropsMessage
    }

    /// Whether a member is an error's message.
    static func isMessage(_ member: MemberSchema) -> Bool {
        member.name == "message" || member.name == "Message"
    }

    func beginStructure(_ schema: ShapeSchema) {
        if self.depth > 0 || self.keepsStructure { self.writer.beginStructure(schema) }
        self.depth += 1
    }

    func endStructure() {
        self.depth -= 1
        if self.depth > 0 || self.keepsStructure { self.writer.endStructure() }
    }

    func member(_ member: MemberSchema) {
        self.isDropping = self.dropsMessage && self.depth == 1 && Self.isMessage(member)
        if !self.isDropping { self.writer.member(member) }
    }

    func string(_ value: String, _ member: MemberSchema) {
        if !self.isDropping { self.writer.string(value, member) }
        self.isDropping = false
    }

    func string(_ value: Span<UInt8>, _ member: MemberSchema) {
        if !self.isDropping { self.writer.string(value, member) }
        self.isDropping = false
    }

    func beginList(_ member: MemberSchema, count: Int) { self.writer.beginList(member, count: count) }
    func element(_ member: MemberSchema) { self.writer.element(member) }
    func endList(_ member: MemberSchema) { self.writer.endList(member) }
    func beginMap(_ member: MemberSchema, count: Int) { self.writer.beginMap(member, count: count) }
    func key(_ key: String, _ member: MemberSchema) { self.writer.key(key, member) }
    func key(_ key: Span<UInt8>, _ member: MemberSchema) { self.writer.key(key, member) }
    func endMap(_ member: MemberSchema) { self.writer.endMap(member) }
    func null() { self.writer.null() }
    func boolean(_ value: Bool, _ member: MemberSchema) { self.writer.boolean(value, member) }
    func integer(_ value: Int64, _ member: MemberSchema) { self.writer.integer(value, member) }
    func double(_ value: Double, _ member: MemberSchema) { self.writer.double(value, member) }
    func bigNumber(_ value: String, _ member: MemberSchema) { self.writer.bigNumber(value, member) }
    func timestamp(_ value: Timestamp, _ member: MemberSchema) { self.writer.timestamp(value, member) }
    func blob(_ value: Span<UInt8>, _ member: MemberSchema) { self.writer.blob(value, member) }
    func document(_ value: Document, _ member: MemberSchema) { self.writer.document(value, member) }
}
