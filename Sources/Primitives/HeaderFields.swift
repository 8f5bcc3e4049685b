/// The header fields of one HTTP message, in the order in which they arrived.
///
/// Names compare without regard to ASCII case (RFC 9110, 5.1). A message has few fields, so a lookup is a linear
/// search: faster than hashing below some thirty fields, and without allocation.
///
/// The texts of all lines lie in one buffer. A request has some fifteen lines, of which most are never looked at; as
/// strings, each name and each value would be retained and released wherever the fields are passed on.
package struct HeaderFields: Sendable, ExpressibleByDictionaryLiteral {
    /// One field line.
    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Where one line lies in `bytes`.
    @usableFromInline
    package struct Line: Sendable, BitwiseCopyable {
        @usableFromInline let nameStart: Int32
        @usableFromInline let nameCount: Int32
        @usableFromInline let valueStart: Int32
        @usableFromInline let valueCount: Int32

        /// - Parameters:
        ///   - name: where it was found.
        ///   - value: where it was found.
        ///   - start: what stands at the front of `bytes`, seen from there.
        @inlinable
        package init(name: Range<Int>, value: Range<Int>, from start: Int = 0) {
            self.nameStart = Int32(name.lowerBound - start)
            self.nameCount = Int32(name.count)
            self.valueStart = Int32(value.lowerBound - start)
            self.valueCount = Int32(value.count)
        }

        @inlinable
        package var name: Range<Int> { Int(self.nameStart)..<Int(self.nameStart &+ self.nameCount) }

        @inlinable
        package var value: Range<Int> { Int(self.valueStart)..<Int(self.valueStart &+ self.valueCount) }
    }

    /// The texts of the lines, in UTF-8. May also hold bytes that belong to no line, left by lines that were replaced.
    package private(set) var bytes: [UInt8] = []
    package private(set) var lines: [Line] = []

    package init(_ fields: [Field] = []) {
        self.reserveCapacity(fields.count)
        for field in fields { self.append(field.name, field.value) }
    }

    package init(dictionaryLiteral elements: (String, String)...) {
        self.reserveCapacity(elements.count)
        for element in elements { self.append(element.0, element.1) }
    }

    /// Takes lines that a parser found in a text.
    /// - Parameters:
    ///   - bytes: the text that holds the lines; UTF-8.
    ///   - lines: where they are in `bytes`.
    package init(_ bytes: Span<UInt8>, lines: [Line]) {
        self.bytes.append(bytesMax: bytes.count) { $0.append(bytes) }
        self.lines = lines
    }

    package var count: Int { self.lines.count }

    /// The lines as strings of their own.
    package var fields: [Field] {
        self.lines.map { Field(self.text($0.name), self.text($0.value)) }
    }

    package mutating func reserveCapacity(_ count: Int) {
        self.lines.reserveCapacity(count)
        self.bytes.reserveCapacity(count * Self.lineBytesUsual)
    }

    private static let lineBytesUsual = 48

    /// Adds a line, even if there is already one of that name.
    package mutating func append(_ name: String, _ value: String) {
        self.append(name.utf8.span, value.utf8.span)
    }

    /// The same for texts in UTF-8.
    package mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        let start = self.bytes.count
        self.bytes.append(bytesMax: name.count + value.count) {
            $0.append(name)
            $0.append(value)
        }
        let end = start + name.count
        self.lines.append(Line(name: start..<end, value: end..<self.bytes.count))
    }

    /// Replaces every line of that name by one.
    package mutating func set(_ name: String, _ value: String) {
        self.remove(name)
        self.append(name, value)
    }

    package mutating func remove(_ name: String) {
        guard self.contains(name) else { return }
        self = self.filter { !Self.areEqual($0, name.utf8.span) }
    }

    /// The lines whose names are wanted, in order.
    package func filter(_ isWanted: (_ name: Span<UInt8>) -> Bool) -> HeaderFields {
        var wanted = self
        wanted.lines.removeAll(keepingCapacity: true)
        let bytes = self.bytes.span
        let lines = self.lines.span
        for index in lines.indices where isWanted(bytes.extracting(lines[index].name)) {
            wanted.lines.append(lines[index])
        }
        return wanted
    }

    /// Which line is the first of that name.
    /// - Complexity: O(number of fields), no allocation.
    package func firstLine(_ name: String) -> Line? {
        let wanted = name.utf8.span
        let bytes = self.bytes.span
        let lines = self.lines.span
        for index in lines.indices where lines[index].nameCount == wanted.count {
            if Self.areEqual(bytes.extracting(lines[index].name), wanted) { return lines[index] }
        }
        return nil
    }

    /// The value of the first line of that name.
    /// - Complexity: O(number of fields).
    package func first(_ name: String) -> String? {
        self.firstLine(name).map { self.text($0.value) }
    }

    /// Whether the value of the first line of that name begins with `prefix`, ASCII case aside; false without such a
    /// line.
    /// - Complexity: O(number of fields), no allocation.
    package func first(_ name: String, beginsWith prefix: String) -> Bool {
        guard let line = self.firstLine(name) else { return false }
        return Self.isName(self.bytes.span.extracting(line.value), startingWith: prefix.utf8.span)
    }

    /// Every value of that name, in order.
    package func all(_ name: String) -> [String] {
        self.lines.filter { Self.areEqual(self.bytes.span.extracting($0.name), name.utf8.span) }
            .map { self.text($0.value) }
    }

    package func contains(_ name: String) -> Bool {
        self.firstLine(name) != nil
    }

    /// The text of a line's name or value.
    package func text(_ range: Range<Int>) -> String {
        unsafe self.bytes.span.extracting(range).withUnsafeBufferPointer {
            unsafe String(decoding: $0, as: UTF8.self)
        }
    }

    /// Whether the name of any field begins with `prefix`, ASCII case aside.
    /// - Complexity: O(number of fields), no allocation.
    package func hasName(startingWith prefix: String) -> Bool {
        let prefix = prefix.utf8.span
        let bytes = self.bytes.span
        let lines = self.lines.span
        for index in lines.indices
        where Self.isName(bytes.extracting(lines[index].name), startingWith: prefix) {
            return true
        }
        return false
    }
}

// Names

extension HeaderFields {
    /// Whether two field names are the same, ASCII case aside.
    package static func equalNames(_ left: String, _ right: String) -> Bool {
        self.areEqual(left.utf8.span, right.utf8.span)
    }

    /// Whether a field name equals a name that this program knows, ASCII case aside.
    @inlinable
    package static func equalNames(_ name: Span<UInt8>, _ other: StaticString) -> Bool {
        guard name.count == other.utf8CodeUnitCount else { return false }
        for index in name.indices {
            let (byte, wanted) = (name[index], unsafe other.utf8Start[index])
            guard byte == wanted || ASCII.lowercased(byte) == ASCII.lowercased(wanted) else { return false }
        }
        return true
    }

    /// Whether a field name begins with a prefix, ASCII case aside.
    package static func isName(_ name: Span<UInt8>, startingWith prefix: Span<UInt8>) -> Bool {
        guard name.count >= prefix.count else { return false }
        for index in prefix.indices {
            let (byte, other) = (name[index], prefix[index])
            guard byte == other || ASCII.lowercased(byte) == ASCII.lowercased(other) else { return false }
        }
        return true
    }

    private static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        left.count == right.count && self.isName(left, startingWith: right)
    }
}

extension HeaderFields: Hashable {
    /// The same lines in the same order, wherever their texts lie.
    package static func == (left: HeaderFields, right: HeaderFields) -> Bool {
        guard left.count == right.count else { return false }
        let (leftBytes, rightBytes) = (left.bytes, right.bytes)
        return zip(left.lines, right.lines).allSatisfy { one, other in
            leftBytes[one.name] == rightBytes[other.name] && leftBytes[one.value] == rightBytes[other.value]
        }
    }

    package func hash(into hasher: inout Hasher) {
        for line in self.lines {
            hasher.combine(self.bytes[line.name])
            hasher.combine(self.bytes[line.value])
        }
    }
}

// Values

extension HeaderFields {
    /// The value of the first `Content-Length`; nil when there is none or it is not a valid length.
    package var contentLength: Int? {
        self.firstLine("Content-Length").flatMap { Self.contentLength(self.bytes.span.extracting($0.value)) }
    }

    /// The value of a Content-Length: decimal digits and nothing else, below 2⁶³ (RFC 9110, 8.6).
    package static func contentLength(_ digits: Span<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 19 else { return nil }
        var length = 0
        for index in digits.indices {
            guard ASCII.isDigit(digits[index]) else { return nil }
            let (tens, isOver) = length.multipliedReportingOverflow(by: 10)
            let (sum, isOverToo) = tens.addingReportingOverflow(Int(digits[index] - 0x30))
            guard !isOver, !isOverToo else { return nil }
            length = sum
        }
        return length
    }
}
