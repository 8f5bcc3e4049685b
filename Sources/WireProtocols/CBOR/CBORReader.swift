package import Primitives
package import ServiceModel

/// Reads one rpcv2Cbor document.
///
/// - Source: Smithy, "Smithy RPC v2 CBOR protocol", shape serialization: numbers may be written in any width that holds
///   them, timestamps bear tag 1, strings and collections may be of indefinite length.
package final class CBORReader: BodyReader {
    /// One open map or array.
    private struct Frame {
        /// The number of remaining items; nil for an indefinite length, which a break ends.
        var remaining: Int?
        /// Whether nulls are kept (a sparse collection).
        var isSparse: Bool
        /// Whether the values are documents, for which null is a value.
        var holdsDocuments: Bool
        /// The member that is compared first: most clients keep the model's order.
        var hint = 0
    }

    private var scanner: CBORScanner
    private var frames: [Frame] = []
    private var keyBuffer: [UInt8] = []

    package init(_ bytes: [UInt8]) {
        self.scanner = CBORScanner(bytes)
        self.frames.reserveCapacity(8)
    }

    package func beginStructure(_ schema: ShapeSchema) throws(ShapeError) {
        try self.begin(.map, expected: schema.type, name: schema.name)
    }

    package func nextMember(_ schema: ShapeSchema) throws(ShapeError) -> Int? {
        while try self.advance() {
            let key = try self.key()
            let found = self.member(of: schema, named: key)
            let isDocument = found.map { schema.members[$0].target.type == .document } ?? false
            if !isDocument, self.scanner.takeNull() { continue }
            if let found { return found }
            try self.skipValue()
        }
        return nil
    }

    package func beginList(_ member: MemberSchema) throws(ShapeError) {
        try self.begin(.array, expected: .list, name: member.name, of: member.target)
    }

    package func nextElement(_ member: MemberSchema) throws(ShapeError) -> WireElement {
        guard try self.advance() else { return .end }
        let frame = self.frames[self.frames.count - 1]
        guard !frame.holdsDocuments, self.scanner.takeNull() else { return .value }
        guard frame.isSparse else {
            let element = member.target.element
            throw .typeMismatch(found: .null, expected: element.target.type, member: element.name)
        }
        return .null
    }

    package func beginMap(_ member: MemberSchema) throws(ShapeError) {
        try self.begin(.map, expected: .map, name: member.name, of: member.target)
    }

    package func nextKey(_ member: MemberSchema) throws(ShapeError) -> String? {
        while try self.advance() {
            let key = String(decoding: try self.key(), as: UTF8.self)
            if !self.keepsNull, self.scanner.takeNull() { continue }
            return key
        }
        return nil
    }

    package func nextKey(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) -> Bool {
        while try self.advance() {
            let key = try self.key()
            if !self.keepsNull, self.scanner.takeNull() { continue }
            output.append(contentsOf: key)
            return true
        }
        return false
    }

    package func readNull() throws(ShapeError) -> Bool {
        self.scanner.takeNull()
    }

    package func readString(_ member: MemberSchema) throws(ShapeError) -> String {
        let head = try self.head(.text, member)
        if !head.isIndefinite {
            return String(decoding: self.scanner.bytes[try self.scanner.stringRange(head)], as: UTF8.self)
        }
        var text: [UInt8] = []
        try self.scanner.appendString(head, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    package func readString(_ member: MemberSchema, appendingTo output: inout [UInt8]) throws(ShapeError) {
        try self.scanner.appendString(try self.head(.text, member), to: &output)
    }

    package func readBoolean(_ member: MemberSchema) throws(ShapeError) -> Bool {
        let head = try self.scanner.head()
        guard head.token == .boolean else { throw self.mismatch(head, member) }
        return head.info == 21
    }

    package func readInteger(_ member: MemberSchema) throws(ShapeError) -> Int64 {
        let head = try self.scanner.head()
        guard head.major == .unsigned || head.major == .negative else { throw self.mismatch(head, member) }
        guard let value = self.scanner.integer(head), NumberText.range(of: member.target.type)?.contains(value) ?? true
        else {
            let text = try self.scanner.bigNumberText(head) ?? ""
            throw .invalidValue(text, expected: member.target.type, member: member.name)
        }
        return value
    }

    package func readDouble(_ member: MemberSchema) throws(ShapeError) -> Double {
        let head = try self.scanner.head()
        guard let value = self.scanner.double(head) else { throw self.mismatch(head, member) }
        return value
    }

    package func readBigNumber(_ member: MemberSchema) throws(ShapeError) -> String {
        let head = try self.scanner.head()
        guard let text = try self.scanner.bigNumberText(head) else { throw self.mismatch(head, member) }
        return text
    }

    package func readTimestamp(_ member: MemberSchema) throws(ShapeError) -> Timestamp {
        let head = try self.scanner.head()
        guard head.major == .tag, head.argument == 1 else { throw self.mismatch(head, member) }
        let content = try self.scanner.head()
        guard let seconds = self.scanner.double(content) else { throw self.mismatch(content, member) }
        if let whole = self.scanner.integer(content), TimestampText.secondsRange.contains(whole) {
            return Timestamp(secondsSinceEpoch: whole)
        }
        let bounds = Double(TimestampText.secondsRange.lowerBound)...Double(TimestampText.secondsRange.upperBound)
        guard bounds.contains(seconds) else {
            throw .invalidValue(seconds.description, expected: .timestamp, member: member.name)
        }
        return Timestamp(millisecondsSinceEpoch: Int64((seconds * 1000).rounded()))
    }

    package func readBlob(_ member: MemberSchema) throws(ShapeError) -> [UInt8] {
        var blob: [UInt8] = []
        try self.scanner.appendString(try self.head(.bytes, member), to: &blob)
        return blob
    }

    package func readDocument(_ member: MemberSchema) throws(ShapeError) -> Document {
        try self.scanner.document(depth: self.frames.count)
    }

    package func skipValue() throws(ShapeError) {
        try self.scanner.skipItem(depth: self.frames.count)
    }

    package func finish() throws(ShapeError) {
        guard self.scanner.isAtEnd else { throw .malformed("bytes after the document") }
    }

    /// Whether nulls of the open map are passed to the caller.
    private var keepsNull: Bool {
        let frame = self.frames[self.frames.count - 1]
        return frame.isSparse || frame.holdsDocuments
    }

    private func begin(
        _ major: CBORHead.Major, expected: ShapeType, name: String, of collection: ShapeSchema? = nil
    ) throws(ShapeError) {
        guard self.frames.count < CBORScanner.depthMax else {
            throw .limitExceeded("nesting of more than \(CBORScanner.depthMax)")
        }
        let head = try self.scanner.head()
        guard head.major == major else {
            throw head.isBreak
                ? .malformed("a break where an item is due")
                : .typeMismatch(found: head.token, expected: expected, member: name)
        }
        // The last member of a list or map is its element or value.
        self.frames.append(
            Frame(
                remaining: try self.scanner.count(head),
                isSparse: collection?.traits.isSparse ?? false,
                holdsDocuments: collection?.members.last?.target.type == .document))
    }

    /// Whether the open map or array has another item; closes it when it has none.
    private func advance() throws(ShapeError) -> Bool {
        guard let frame = self.frames.last else { preconditionFailure("nothing is open") }
        if let remaining = frame.remaining {
            guard remaining > 0 else {
                self.frames.removeLast()
                return false
            }
            self.frames[self.frames.count - 1].remaining = remaining - 1
        } else if self.scanner.takeBreak() {
            self.frames.removeLast()
            return false
        }
        return true
    }

    private func key() throws(ShapeError) -> ArraySlice<UInt8> {
        let head = try self.scanner.head()
        guard head.major == .text else { throw .malformed("a map's key that is not text") }
        if !head.isIndefinite { return self.scanner.bytes[try self.scanner.stringRange(head)] }
        self.keyBuffer.removeAll(keepingCapacity: true)
        try self.scanner.appendString(head, to: &self.keyBuffer)
        return self.keyBuffer[...]
    }

    private func member(of schema: ShapeSchema, named key: ArraySlice<UInt8>) -> Int? {
        let count = schema.members.count
        guard count > 0 else { return nil }
        var index = self.frames[self.frames.count - 1].hint
        if index >= count { index = 0 }
        for _ in 0..<count {
            if schema.members[index].name.utf8.elementsEqual(key) {
                self.frames[self.frames.count - 1].hint = index + 1
                return index
            }
            index = index + 1 == count ? 0 : index + 1
        }
        return nil
    }

    private func head(_ major: CBORHead.Major, _ member: MemberSchema) throws(ShapeError) -> CBORHead {
        let head = try self.scanner.head()
        guard head.major == major else { throw self.mismatch(head, member) }
        return head
    }

    private func mismatch(_ head: CBORHead, _ member: MemberSchema) -> ShapeError {
        head.isBreak
            ? .malformed("a break where an item is due")
            : .typeMismatch(found: head.token, expected: member.target.type, member: member.name)
    }
}

extension CBORScanner {
    /// The next item as a document; byte strings become base64 text, because documents have no bytes.
    fileprivate mutating func document(depth: Int) throws(ShapeError) -> Document {
        guard depth <= Self.depthMax else { throw .limitExceeded("nesting of more than \(Self.depthMax)") }
        let head = try self.head()
        switch head.major {
        case .bytes, .text:
            var content: [UInt8] = []
            try self.appendString(head, to: &content)
            return .string(head.major == .text ? String(decoding: content, as: UTF8.self) : Base64.encode(content))
        case .array:
            var elements: [Document] = []
            var remaining = try self.count(head)
            while try self.hasMore(&remaining) { elements.append(try self.document(depth: depth + 1)) }
            return .array(elements)
        case .map:
            return .object(try self.documentMembers(head, depth: depth))
        case .tag where head.argument == 1:
            return try self.document(depth: depth + 1)
        case .simple where head.token == .boolean:
            return .boolean(head.info == 21)
        case .simple where head.token == .null:
            return .null
        case .unsigned, .negative, .tag, .simple:
            if let text = try self.bigNumberText(head) { return .number(text) }
            guard let value = self.double(head) else { throw .malformed("an item that a document cannot hold") }
            return .string(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
        }
    }

    private mutating func documentMembers(_ head: CBORHead, depth: Int) throws(ShapeError) -> [Document.Member] {
        var members: [Document.Member] = []
        var indexByName: [ExactName: Int] = [:]
        var remaining = try self.count(head)
        while try self.hasMore(&remaining) {
            let key = try self.head()
            guard key.major == .text else { throw .malformed("a map's key that is not text") }
            var content: [UInt8] = []
            try self.appendString(key, to: &content)
            let member = Document.Member(
                String(decoding: content, as: UTF8.self), try self.document(depth: depth + 1))
            let name = ExactName(member.name)
            if let index = indexByName[name] {
                members[index] = member
            } else {
                indexByName[name] = members.count
                members.append(member)
            }
        }
        return members
    }

    private mutating func hasMore(_ remaining: inout Int?) throws(ShapeError) -> Bool {
        guard let left = remaining else { return !self.takeBreak() }
        remaining = left - 1
        return left > 0
    }
}
