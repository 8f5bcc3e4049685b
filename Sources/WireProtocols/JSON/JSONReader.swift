package import Primitives
package import ServiceModel

/// Reads a shape from JSON text in one pass over its bytes, without building a tree.
///
/// Strict RFC 8259: UTF-8 only (no overlong forms, no surrogates, no lone `\uD800`), no byte order mark, no comments,
/// no trailing commas, nothing after the value. If a name occurs twice, the later value wins. Numbers are kept as text
/// until the schema gives their type, so 38 digits never pass through `Double`.
@safe package final class JSONReader: BodyReader {
    /// How closely the reader follows AWS's older services, which are more lenient.
    package enum Strictness: Sendable {
        /// awsJson: fractions of integers are truncated, unknown members of unions and null map values are skipped.
        case coral
        /// restJson1 as Smithy's malformed-request tests require: all of these are refused.
        case smithy
    }

    /// The deepest nesting of arrays and objects; services set lower limits of their own.
    package static let depthMax = 128
    /// The most values in the documents of one text. Each takes up to a hundred times its two bytes; no request or
    /// answer of a model's has so many, not even one of hundreds of vectors.
    package static let documentValueCountMax = 2_000_000

    // Unchecked: a reader is used by one task, and no method calls back while the scanner works. The checks cost 40 %.
    @exclusivity(unchecked) private var scanner: JSONScanner

    package init(
        _ bytes: [UInt8], strictness: Strictness = .coral,
        documentValueCountMax: Int = JSONReader.documentValueCountMax
    ) {
        unsafe self.scanner = JSONScanner(
            bytes, strictness: strictness, documentValueCountMax: documentValueCountMax)
    }

    package func beginStructure(_ schema: ShapeSchema) throws(ShapeError) {
        try unsafe self.scanner.beginStructure(schema)
    }

    package func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        try unsafe self.scanner.nextMember(schema)
    }

    package func beginList(_ member: MemberSchema) throws(ShapeError) {
        try unsafe self.scanner.beginList(member)
    }

    package func nextElement(_ member: MemberSchema) throws(ShapeError) -> WireElement {
        try unsafe self.scanner.nextElement(member)
    }

    package func beginMap(_ member: MemberSchema) throws(ShapeError) {
        try unsafe self.scanner.beginMap(member)
    }

    package func nextKey(_ member: MemberSchema) throws(ShapeError) -> String? {
        try unsafe self.scanner.nextKey(member)
    }

    package func nextKey(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) -> Bool {
        try unsafe self.scanner.nextKey(member, appendingTo: &output)
    }

    package func readNull() throws(ShapeError) -> Bool {
        try unsafe self.scanner.readNull()
    }

    package func readString(_ member: MemberSchema) throws(ShapeError) -> String {
        try unsafe self.scanner.readString(member)
    }

    package func readString(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) {
        try unsafe self.scanner.readString(member, appendingTo: &output)
    }

    package func readLoneString(_ schema: ShapeSchema, appendingTo output: inout [UInt8]) -> Int? {
        unsafe self.scanner.readLoneString(schema, appendingTo: &output)
    }

    package func readLoneEntry(
        _ schema: ShapeSchema, _ take: (_ key: Span<UInt8>, _ index: Int, _ string: Span<UInt8>) -> Bool
    ) -> Bool {
        unsafe self.scanner.readLoneEntry(schema, take)
    }

    package func readBoolean(_ member: MemberSchema) throws(ShapeError) -> Bool {
        try unsafe self.scanner.readBoolean(member)
    }

    package func readInteger(_ member: MemberSchema) throws(ShapeError) -> Int64 {
        try unsafe self.scanner.readInteger(member)
    }

    package func readDouble(_ member: MemberSchema) throws(ShapeError) -> Double {
        try unsafe self.scanner.readDouble(member)
    }

    package func readBigNumber(_ member: MemberSchema) throws(ShapeError) -> String {
        try unsafe self.scanner.readBigNumber(member)
    }

    package func readTimestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp {
        try unsafe self.scanner.readTimestamp(member)
    }

    package func readBlob(_ member: MemberSchema) throws(ShapeError) -> [UInt8] {
        try unsafe self.scanner.readBlob(member)
    }

    package func readDocument(_ member: MemberSchema) throws(ShapeError) -> Document {
        try unsafe self.scanner.readDocument(member)
    }

    /// An object with only the named members; a value of another kind is read completely.
    func readDocument(_ member: MemberSchema, keeping names: [String]) throws(ShapeError) -> Document {
        guard unsafe self.scanner.peek() == UInt8(ascii: "{") else { return try self.readDocument(member) }
        return .object(try unsafe self.scanner.readObject(member, keeping: names))
    }

    package func skipValue() throws(ShapeError) {
        try unsafe self.scanner.skipValue()
    }

    package func finish() throws(ShapeError) {
        try unsafe self.scanner.finish()
    }
}
