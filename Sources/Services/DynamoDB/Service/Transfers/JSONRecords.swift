/// Splits the text of an object into JSON objects, or structs of Amazon Ion, and tracks the offset at which each one
/// ends.
///
/// AWS reads consecutive JSON objects, whether or not they are on separate lines; a line of anything else is one
/// record, so that it can be refused. Text before `offset` was processed in an earlier step and is skipped.
/// - Source: moto's `test_import_table_single_file_with_multiple_items`, which is verified against AWS.
struct JSONRecords: Sendable {
    struct Record: Sendable {
        /// Without a byte order mark.
        var bytes: [UInt8]
        /// The offset of the next record, in bytes from the start of the text.
        var end: Int
    }

    private var passing: Int
    /// The offsets of the current record's start and of the next byte.
    private var start: Int
    private var position: Int
    private var record: [UInt8] = []
    /// The number of open objects and arrays.
    private var depth = 0
    /// The current string; nil outside of strings.
    private var string: OpenString?
    private var isEscaped = false

    private enum OpenString {
        /// Ends with this quote.
        case short(UInt8)
        /// Ion: so many single quotes, and nothing else yet. Two are an empty symbol unless a third follows.
        case quotes(Int)
        /// Ion: a string between three quotes each, of which so many stand before the next byte.
        case long(Int)
    }

    private enum Comment {
        /// Up to the end of the line.
        case line
        /// Up to an asterisk and a slash.
        case block
    }

    private static let quote = UInt8(ascii: "'")

    /// Whether single quotes delimit text, too, and whether there are comments.
    private let isIon: Bool
    /// The current comment of Ion, whose quotes and braces do not count.
    private var comment: Comment?
    /// Whether this is a blob of Ion, `{{…}}`, whose slashes begin no comment.
    private var isBlob = false
    /// The byte before, outside of strings.
    private var previous: UInt8 = 0
    /// Whether the record has nothing but white space and comments.
    private var isBlank = true

    init(from offset: Int = 0, isIon: Bool = false) {
        self.isIon = isIon
        self.passing = offset
        self.start = offset
        self.position = offset
    }

    /// Adds the next piece of the text, and appends the records that end in it.
    /// - Returns: false when a record is too long.
    mutating func take(_ piece: [UInt8], to records: inout [Record]) -> Bool {
        var start = min(self.passing, piece.count)
        self.passing -= start
        for index in start..<piece.count {
            let byte = piece[index]
            guard !self.isInString(byte), !self.isInComment(byte), self.ends(at: byte) else { continue }
            self.record.append(contentsOf: piece[start...index])
            self.position += index + 1 - start
            start = index + 1
            self.end(&records)
        }
        self.record.append(contentsOf: piece[start...])
        self.position += piece.count - start
        return self.record.count <= ImportRecords.recordBytesMax
    }

    /// Whether a byte belongs to the current string, its closing quote included.
    private mutating func isInString(_ byte: UInt8) -> Bool {
        guard let string = self.string else { return false }
        if self.isEscaped {
            self.isEscaped = false
            return true
        }
        self.isEscaped = byte == UInt8(ascii: "\\")
        switch string {
        case .short(let quote):
            if byte == quote { self.string = nil }
        case .quotes(let count):
            if byte == Self.quote {
                self.string = count == 2 ? .long(0) : .quotes(2)
            } else if count == 2 {
                (self.string, self.isEscaped) = (nil, false)
                return false
            } else {
                self.string = .short(Self.quote)
            }
        case .long(let count):
            if byte != Self.quote {
                self.string = .long(0)
            } else {
                self.string = count == 2 ? nil : .long(count + 1)
            }
        }
        return true
    }

    /// Whether a byte outside of strings belongs to a comment, its delimiters included but for a line's end.
    private mutating func isInComment(_ byte: UInt8) -> Bool {
        guard self.isIon else { return false }
        let (slash, asterisk) = (UInt8(ascii: "/"), UInt8(ascii: "*"))
        let previous = self.previous
        self.previous = byte
        switch (self.comment, byte) {
        case (nil, slash) where !self.isBlob:
            if previous == slash { self.comment = .line }
        case (nil, asterisk) where previous == slash && !self.isBlob:
            (self.comment, self.previous) = (.block, 0)
        case (nil, _):
            if byte == UInt8(ascii: "{"), previous == byte { self.isBlob = true }
            if byte == UInt8(ascii: "}") { self.isBlob = false }
            return false
        case (.line?, UInt8(ascii: "\n")):
            self.comment = nil
            return false
        case (.block?, slash) where previous == asterisk: (self.comment, self.previous) = (nil, 0)
        default: break
        }
        return true
    }

    /// Whether a byte outside of strings and comments ends the record.
    private mutating func ends(at byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\n"): return self.depth == 0
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): return false
        default: self.isBlank = false
        }
        switch byte {
        case UInt8(ascii: "\""): self.string = self.depth > 0 ? .short(byte) : nil
        case Self.quote: self.string = self.isIon && self.depth > 0 ? .quotes(1) : nil
        case UInt8(ascii: "{"), UInt8(ascii: "["): self.depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            self.depth = max(0, self.depth - 1)
            return self.depth == 0
        default: break
        }
        return false
    }

    /// Appends the rest after the last record.
    mutating func finish(_ records: inout [Record]) {
        if !self.record.isEmpty { self.end(&records) }
    }

    private mutating func end(_ records: inout [Record]) {
        if self.start == 0, self.record.starts(with: [0xEF, 0xBB, 0xBF]) { self.record.removeFirst(3) }
        while let last = self.record.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") {
            self.record.removeLast()
        }
        // White space and comments between records are not records.
        if !self.isBlank, !self.record.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) {
            records.append(Record(bytes: self.record, end: self.position))
        }
        self.record = []
        self.isBlank = true
        self.start = self.position
    }
}
