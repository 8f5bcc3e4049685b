internal import ServiceModel

/// Writes an error's modelled members into a structure that the protocol has begun. Drops the message, if the protocol
/// has written it, and the structure's begin and end, if the structure is already open.
final class ErrorDetailWriter: ForwardingWriter {
    let writer: any ShapeWriter
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
}
