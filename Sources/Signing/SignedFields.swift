internal import Primitives

/// The signed headers of one request: the list that names them, and where each stands among the header lines.
struct SignedFields: Sendable, Hashable {
    /// One name of the list.
    struct Entry: Sendable, Hashable {
        /// Where the name lies in the list's text.
        let start: Int32
        let end: Int32
        /// The first header line of that name; -1 for none.
        var line: Int32

        var range: Range<Int> { Int(self.start)..<Int(self.end) }
    }

    /// A further line of a name that has several.
    struct FurtherLine: Sendable, Hashable {
        let entry: Int32
        let line: Int32
    }

    /// The names between semicolons, in the request's own order and spelling.
    let text: ArraySlice<UInt8>
    private(set) var entries: [Entry] = []
    private(set) var furtherLines: [FurtherLine] = []
    /// Header lines of the request.
    let lineCount: Int
    /// Headers that must be signed and are not, in lower case.
    private(set) var missingNames: [String] = []

    /// Parses the list and finds its names among the headers; a name matches in lower case only.
    /// - Parameters:
    ///   - text: the list.
    ///   - headers: of the same request.
    ///   - rules: tell which headers must be signed.
    /// - Complexity: O(names × headers) comparisons of lengths; both are bounded.
    /// - Throws: `tooManySignedHeaders`
    init(_ text: ArraySlice<UInt8>, _ headers: HeaderFields, _ rules: SigningRules) throws(SigningError) {
        self.text = text
        self.lineCount = headers.count
        let names = text.span
        let separator = UInt8(ascii: ";")
        self.entries.reserveCapacity(8)
        var start = 0
        for index in 0...names.count where index == names.count || names[index] == separator {
            self.entries.append(Entry(start: Int32(start), end: Int32(index), line: -1))
            start = index + 1
        }
        guard self.entries.count <= SigningRules.signedHeaderCountMax else {
            throw .tooManySignedHeaders(count: self.entries.count)
        }
        let fields = headers.fields.span
        for line in fields.indices {
            if !self.place(fields[line].name.utf8.span, Int32(line), names), rules.mustBeSigned(fields[line].name) {
                self.missingNames.append(fields[line].name.lowercased())
            }
        }
    }

    /// - Returns: whether the list has the name.
    private mutating func place(_ name: Span<UInt8>, _ line: Int32, _ names: Span<UInt8>) -> Bool {
        for index in self.entries.indices {
            let entry = self.entries[index]
            guard Int(entry.end - entry.start) == name.count, Self.equal(name, names, entry.range) else { continue }
            if entry.line < 0 {
                self.entries[index].line = line
            } else {
                self.furtherLines.append(FurtherLine(entry: Int32(index), line: line))
            }
            return true
        }
        return false
    }

    private static func equal(_ header: Span<UInt8>, _ names: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in header.indices where lowercased(header[index]) != names[range.lowerBound + index] {
            return false
        }
        return true
    }

    /// Whether the list has this name.
    func contains(_ lowercase: String) -> Bool {
        let names = self.text.span
        for entry in self.entries where Signing.equal(names, entry.range, lowercase) { return true }
        return false
    }
}
