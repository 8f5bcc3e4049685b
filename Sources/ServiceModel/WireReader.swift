package import Primitives

/// A pull reader over one request in one wire format.
///
/// The caller walks the schema and asks for what the schema says is next; the reader never builds a tree that the
/// format does not force on it. Every method that takes a member is told the member through which the value is
/// reached, as its traits decide names, flattening and timestamp formats. A reader is used by one task, once.
///
/// - Null: `nextMember` and `nextKey` skip members whose value is null, unless the target is a document or the map is
///   sparse. In lists, `nextElement` reports a null of a sparse list and throws for any other.
/// - Limits: nesting of 128 (DynamoDB's own 32 is the service's), sizes by the body's limit; beyond: `limitExceeded`.
package protocol WireReader: AnyObject {
    /// Enters a structure or union. Unknown members are skipped by `nextMember`.
    func beginStructure(_ schema: ShapeSchema) throws(ShapeError)
    /// The index in `schema.members` of the next member that is there; nil after the last, which leaves the structure.
    ///
    /// A member that occurs twice is reported twice; the later one wins.
    func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int?
    func beginList(_ member: MemberSchema) throws(ShapeError)
    /// What comes next in the list; `.end` leaves it, `.null` consumes the null.
    func nextElement(_ member: MemberSchema) throws(ShapeError) -> WireElement
    func beginMap(_ member: MemberSchema) throws(ShapeError)
    /// The next key; nil after the last, which leaves the map.
    func nextKey(_ member: MemberSchema) throws(ShapeError) -> String?
    /// The next key's UTF-8 appended to `output`; false after the last, which leaves the map.
    func nextKey(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) -> Bool
    /// Whether the value of the key just read is null; consumes it then. For sparse maps and bound shapes.
    func readNull() throws(ShapeError) -> Bool

    func readString(_ member: MemberSchema) throws(ShapeError) -> String
    /// The string's UTF-8 appended to `output`: for values that never become a `String`.
    func readString(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError)
    /// A whole structure at once, where it has exactly one member and that is a string; its UTF-8 is appended.
    ///
    /// For unions that are mostly texts, such as DynamoDB's attribute values: one call instead of four.
    /// - Returns: the member's index; nil where the structure is anything else, or the format does not look ahead.
    ///   Nothing is consumed then.
    func readLoneString(_ schema: ShapeSchema, appendingTo output: inout [UInt8]) -> Int?
    /// A whole entry of a map at once, where its value is such a structure, or one of a lone boolean, and nothing in it
    /// has escapes.
    /// - Parameters:
    ///   - schema: the values' structure.
    ///   - take: is given the key, the member's index, and the string, or `true` or `false`; returns false where it
    ///     does not want them this way. It must not touch the reader.
    /// - Returns: false where nothing was consumed: at the map's end, and before any other entry.
    func readLoneEntry(
        _ schema: ShapeSchema, _ take: (_ key: Span<UInt8>, _ index: Int, _ text: Span<UInt8>) -> Bool
    ) -> Bool
    func readBoolean(_ member: MemberSchema) throws(ShapeError) -> Bool
    /// Any integer type; out of range of the target's type is `invalidValue`.
    func readInteger(_ member: MemberSchema) throws(ShapeError) -> Int64
    /// `float` and `double`; `NaN`, `Infinity` and `-Infinity` as the format writes them.
    func readDouble(_ member: MemberSchema) throws(ShapeError) -> Double
    /// The decimal text of a big number.
    func readBigNumber(_ member: MemberSchema) throws(ShapeError) -> String
    func readTimestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp
    func readBlob(_ member: MemberSchema) throws(ShapeError) -> [UInt8]
    func readDocument(_ member: MemberSchema) throws(ShapeError) -> Document
    /// Skips the value of the current member, key or element; its syntax is still checked.
    func skipValue() throws(ShapeError)
    /// Checks that nothing follows the value.
    func finish() throws(ShapeError)
}

extension WireReader {
    /// The default, for formats that cannot look ahead.
    package func readLoneString(_ schema: ShapeSchema, appendingTo output: inout [UInt8]) -> Int? { nil }

    package func readLoneEntry(
        _ schema: ShapeSchema, _ take: (_ key: Span<UInt8>, _ index: Int, _ text: Span<UInt8>) -> Bool
    ) -> Bool { false }

    /// The default, for forms, headers and paths, in which no skipped value can grow without bound.
    package func skipValue() throws(ShapeError) {
        throw .limitExceeded("a value that is too large")
    }
}

/// What `WireReader.nextElement` found.
package enum WireElement: Sendable, Hashable {
    case value, null, end
}
