internal import Primitives
internal import ServiceModel

/// Reads one member that is the body itself: a blob, a string or an enumeration.
final class RawPayloadReader: WireReader {
    private let body: [UInt8]

    init(_ body: [UInt8]) {
        self.body = body
    }

    func readString(_ member: MemberSchema) throws(ShapeError) -> String {
        guard let text = String(validating: self.body, as: UTF8.self) else {
            throw .malformed("the body is not well-formed UTF-8")
        }
        return text
    }

    func readString(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) {
        output.append(contentsOf: try self.readString(member).utf8)
    }

    func readBlob(_ member: MemberSchema) throws(ShapeError) -> [UInt8] { self.body }

    func readNull() throws(ShapeError) -> Bool { false }

    func finish() throws(ShapeError) {}

    func beginStructure(_ schema: ShapeSchema) throws(ShapeError) { throw Self.refusal(schema.type, schema.name) }
    func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? { nil }
    func beginList(_ member: MemberSchema) throws(ShapeError) { throw Self.refusal(member) }
    func nextElement(_ member: MemberSchema) throws(ShapeError) -> WireElement { .end }
    func beginMap(_ member: MemberSchema) throws(ShapeError) { throw Self.refusal(member) }
    func nextKey(_ member: MemberSchema) throws(ShapeError) -> String? { nil }
    func nextKey(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) -> Bool { false }
    func readBoolean(_ member: MemberSchema) throws(ShapeError) -> Bool { throw Self.refusal(member) }
    func readInteger(_ member: MemberSchema) throws(ShapeError) -> Int64 { throw Self.refusal(member) }
    func readDouble(_ member: MemberSchema) throws(ShapeError) -> Double { throw Self.refusal(member) }
    func readBigNumber(_ member: MemberSchema) throws(ShapeError) -> String { throw Self.refusal(member) }
    func readTimestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp { throw Self.refusal(member) }
    func readDocument(_ member: MemberSchema) throws(ShapeError) -> Document { throw Self.refusal(member) }

    private static func refusal(_ member: MemberSchema) -> ShapeError {
        self.refusal(member.target.type, member.name)
    }

    private static func refusal(_ type: ShapeType, _ member: String) -> ShapeError {
        .typeMismatch(found: .string, expected: type, member: member)
    }
}
