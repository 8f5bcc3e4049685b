/// Splits the text of an object into CSV records: lines, except for newlines within double quotes.
struct ImportRecords: Sendable {
    /// A longer record cannot be an item: one of 400 KB with every character escaped is shorter.
    static let recordBytesMax = 8 << 20

    private var record: [UInt8] = []
    /// Whether a newline belongs to the record.
    private var isQuoted = false

    /// Adds a piece of the text, and appends the records that end in it.
    /// - Returns: false when a record is too long.
    mutating func take(_ piece: [UInt8], to records: inout [[UInt8]]) -> Bool {
        var start = piece.startIndex
        for (index, byte) in piece.enumerated() {
            if byte == UInt8(ascii: "\"") { self.isQuoted.toggle() }
            guard byte == UInt8(ascii: "\n"), !self.isQuoted else { continue }
            self.record.append(contentsOf: piece[start..<index])
            start = index + 1
            self.end(&records)
        }
        self.record.append(contentsOf: piece[start...])
        return self.record.count <= Self.recordBytesMax
    }

    /// Appends the rest after the last newline.
    mutating func finish(_ records: inout [[UInt8]]) {
        self.end(&records)
    }

    private mutating func end(_ records: inout [[UInt8]]) {
        if self.record.last == UInt8(ascii: "\r") { self.record.removeLast() }
        // Blank lines are not records.
        if !self.record.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) {
            records.append(self.record)
        }
        self.record = []
    }
}

/// One record of CSV.
///
/// - Source: RFC 4180; DynamoDB Developer Guide, "Amazon S3 import formats for DynamoDB": double quotes are escaped by
///   double quotes, within a field in double quotes.
enum CSVRecord {
    /// - Returns: nil for misplaced quotes.
    static func fields(_ record: [UInt8], delimiter: UInt8) -> [[UInt8]]? {
        let quote = UInt8(ascii: "\"")
        var fields: [[UInt8]] = []
        var index = record.startIndex
        while true {
            var field: [UInt8] = []
            if index < record.endIndex, record[index] == quote {
                index += 1
                while true {
                    guard index < record.endIndex else { return nil }
                    if record[index] != quote {
                        field.append(record[index])
                        index += 1
                    } else if index + 1 < record.endIndex, record[index + 1] == quote {
                        field.append(quote)
                        index += 2
                    } else {
                        index += 1
                        break
                    }
                }
                guard index == record.endIndex || record[index] == delimiter else { return nil }
            } else {
                while index < record.endIndex, record[index] != delimiter {
                    guard record[index] != quote else { return nil }
                    field.append(record[index])
                    index += 1
                }
            }
            fields.append(field)
            guard index < record.endIndex else { return fields }
            index += 1
        }
    }
}
