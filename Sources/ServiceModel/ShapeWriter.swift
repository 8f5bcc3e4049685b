package import Primitives

/// Writes one shape in one wire format.
///
/// The shape calls `member` before each member's value, `element` before each element and `key` before each map value.
/// Absent optional members are not mentioned. A writer is used by one task, once.
package protocol ShapeWriter: AnyObject {
    func beginStructure(_ schema: ShapeSchema)
    /// The next value belongs to this member of the open structure.
    func member(_ member: MemberSchema)
    func endStructure()
    func beginList(_ member: MemberSchema, count: Int)
    func element(_ member: MemberSchema)
    func endList(_ member: MemberSchema)
    func beginMap(_ member: MemberSchema, count: Int)
    func key(_ key: String, _ member: MemberSchema)
    /// A key given as UTF-8.
    func key(_ key: Span<UInt8>, _ member: MemberSchema)
    func endMap(_ member: MemberSchema)

    /// A null element or value of a sparse list or map.
    func null()
    func string(_ value: String, _ member: MemberSchema)
    /// A string given as UTF-8: for values that never become a `String`.
    func string(_ value: Span<UInt8>, _ member: MemberSchema)
    func boolean(_ value: Bool, _ member: MemberSchema)
    func integer(_ value: Int64, _ member: MemberSchema)
    func double(_ value: Double, _ member: MemberSchema)
    /// The decimal text of a big number.
    func bigNumber(_ value: String, _ member: MemberSchema)
    func timestamp(_ value: Timestamp, _ member: MemberSchema)
    func blob(_ value: Span<UInt8>, _ member: MemberSchema)
    func document(_ value: Document, _ member: MemberSchema)

    /// Lets the caller write a value as JSON itself: for values that make up most of an answer.
    /// - Returns: false, without doing anything, if this format is another.
    func json(_ append: (inout [UInt8]) -> Void) -> Bool

    /// Announces about how many bytes will be written, so that memory is reserved once.
    func reserve(_ bytes: Int)
}

extension ShapeWriter {
    package func json(_ append: (inout [UInt8]) -> Void) -> Bool { false }

    package func reserve(_ bytes: Int) {}
}
