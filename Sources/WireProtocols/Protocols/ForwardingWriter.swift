internal import Primitives
internal import ServiceModel

/// A writer that passes on to another what it does not change itself.
protocol ForwardingWriter: ShapeWriter {
    var writer: any ShapeWriter { get }
}

extension ForwardingWriter {
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
