/// Cuts the text of an object into JSON objects, or structs of Amazon Ion, and knows where in the text each one ends.
///
/// AWS reads one object of JSON after the other, be they on lines of their own or not; a line of something else is one
/// record, so that it can be refused. What lies before `offset` was done in an earlier step and is passed over.
/// - Source: moto's `test_import_table_single_file_with_multiple_items`, which is verified against AWS.
struct JSONRecords: Sendable {
    struct Record: Sendable {
        /// Without a mark of the byte order.
        var bytes: [UInt8]
        /// Where the next record begins, in bytes from the start of the text.
        var end: Int
    }

    private var passing: Int
    /// Where the record that is being read begins, and goes on.
    private var start: Int
    private var position: Int
    private var record: [UInt8] = []
    /// Objects and arrays that are open.
    private var depth = 0
    /// The quote that ends the string; nil outside of strings.
    private var quote: UInt8?
    private var isEscaped = false

    /// Whether single quotes enclose text, too.
    private let isIon: Bool

    init(from offset: Int = 0, isIon: Bool = false) {
        self.isIon = isIon
        self.passing = offset
        self.start = offset
        self.position = offset
    }

    /// Takes the next piece of the text, and appends the records that end in it.
    /// - Returns: false when a record is longer than one can be.
    mutating func take(_ piece: [UInt8], to records: inout [Record]) -> Bool {
        var start = min(self.passing, piece.count)
        self.passing -= start
        for index in start..<piece.count {
            let byte = piece[index]
            if let quote = self.quote {
                if self.isEscaped {
                    self.isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    self.isEscaped = true
                } else if byte == quote {
                    self.quote = nil
                }
                continue
            }
            guard self.ends(at: byte) else { continue }
            self.record.append(contentsOf: piece[start...index])
            self.position += index + 1 - start
            start = index + 1
            self.end(&records)
        }
        self.record.append(contentsOf: piece[start...])
        self.position += piece.count - start
        return self.record.count <= ImportRecords.recordBytesMax
    }

    /// Whether a byte outside of strings ends the record.
    private mutating func ends(at byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""): self.quote = self.depth > 0 ? byte : nil
        case UInt8(ascii: "'"): self.quote = self.isIon && self.depth > 0 ? byte : nil
        case UInt8(ascii: "{"), UInt8(ascii: "["): self.depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            self.depth = max(0, self.depth - 1)
            return self.depth == 0
        case UInt8(ascii: "\n"): return self.depth == 0
        default: break
        }
        return false
    }

    /// Appends what stands behind the last record.
    mutating func finish(_ records: inout [Record]) {
        if !self.record.isEmpty { self.end(&records) }
    }

    private mutating func end(_ records: inout [Record]) {
        if self.start == 0, self.record.starts(with: [0xEF, 0xBB, 0xBF]) { self.record.removeFirst(3) }
        while let last = self.record.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") {
            self.record.removeLast()
        }
        // White space between records is none.
        if !self.record.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) {
            records.append(Record(bytes: self.record, end: self.position))
        }
        self.record = []
        self.start = self.position
    }
}
