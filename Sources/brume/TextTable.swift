/// Formats rows of text as columns.
enum TextTable {
    /// Each column is as wide as its widest cell; the last column is not padded.
    static func lines(_ rows: [[String]]) -> [String] {
        let rows = rows.map { $0.map(\.visible) }
        let columnCount = rows.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in
            rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }
}

extension String {
    /// Untrusted text as one line without control characters, so that it cannot move the cursor or change colours.
    var visible: String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        }
        guard self.unicodeScalars.contains(where: isControl) else { return self }
        var text = ""
        for scalar in self.unicodeScalars {
            let isSpace = scalar == "\n" || scalar == "\t" || scalar == "\r"
            text.unicodeScalars.append(isSpace ? " " : isControl(scalar) ? "\u{FFFD}" : scalar)
        }
        return text
    }
}
