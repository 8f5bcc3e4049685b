/// Cuts the text of an object into lines, and knows where in the text each one ends.
///
/// What lies before `offset` was done in an earlier step and is passed over.
struct BulkLines: Sendable {
    struct Line: Sendable {
        /// Without its end, and without a mark of the byte order.
        var bytes: [UInt8]
        /// Where the next line begins, in bytes from the start of the text.
        var end: Int
    }

    private var passing: Int
    /// Where the line that is being read goes on.
    private var position: Int
    private var line: [UInt8] = []

    init(from offset: Int) {
        self.passing = offset
        self.position = offset
    }

    /// Takes the next piece of the text, and appends the lines that end in it.
    /// - Returns: false when a line is longer than a record can be.
    mutating func take(_ piece: [UInt8], to lines: inout [Line]) -> Bool {
        var start = min(self.passing, piece.count)
        self.passing -= start
        while start < piece.count {
            guard let end = piece[start...].firstIndex(of: UInt8(ascii: "\n")) else {
                self.line.append(contentsOf: piece[start...])
                self.position += piece.count - start
                break
            }
            self.line.append(contentsOf: piece[start..<end])
            self.position += end + 1 - start
            self.end(&lines)
            start = end + 1
        }
        return self.line.count <= ImportRecords.recordBytesMax
    }

    /// Appends what stands behind the last line end.
    mutating func finish(_ lines: inout [Line]) {
        if !self.line.isEmpty { self.end(&lines) }
    }

    private mutating func end(_ lines: inout [Line]) {
        let isFirst = self.position - self.line.count <= 1
        if isFirst, self.line.starts(with: [0xEF, 0xBB, 0xBF]) { self.line.removeFirst(3) }
        if self.line.last == UInt8(ascii: "\r") { self.line.removeLast() }
        // Lines without anything are no records.
        if !self.line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) {
            lines.append(Line(bytes: self.line, end: self.position))
        }
        self.line = []
    }
}
