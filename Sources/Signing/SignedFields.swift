internal import Primitives

/// The signed headers of one request: for each name in the list, the header lines of that name.
struct SignedFields: Sendable, Equatable {
    /// One name of the list.
    struct Entry: Sendable, Hashable {
        /// The start of the name in the buffer that holds the list.
        let start: Int32
        let end: Int32
        /// The index of the first header line of that name; -1 if there is none.
        var line: Int32

        var range: Range<Int> { Int(self.start)..<Int(self.end) }
    }

    /// A further line of a name with several header lines.
    struct FurtherLine: Sendable, Equatable {
        let entry: Int32
        let line: Int32
    }

    /// The names in the order of the list.
    private(set) var entries: [Entry] = []
    private(set) var furtherLines: [FurtherLine] = []
    /// The number of header lines of the request.
    let lineCount: Int

    /// Empty, for signatures that do not cover a request.
    static let none = SignedFields(lineCount: 0)

    private init(lineCount: Int) {
        self.lineCount = lineCount
    }

    /// Parses the list and finds its names among the headers; names match in lower case only.
    /// - Parameters:
    ///   - bytes: contain the list.
    ///   - list: the range of the list; names separated by semicolons.
    ///   - headers: of the same request.
    ///   - rules: say which headers must be signed; nil requires none.
    /// - Complexity: O(names × headers) comparisons of lengths; both are bounded.
    /// - Throws: `tooManySignedHeaders`, `hostNotSigned`, `headersNotSigned`
    init(
        _ bytes: Span<UInt8>, _ list: Range<Int>, _ headers: HeaderFields, _ rules: SigningRules?
    ) throws(SigningError) {
        self.lineCount = headers.count
        self.entries.reserveCapacity(8)
        var start = list.lowerBound
        var isHostSigned = false
        for index in list.lowerBound...list.upperBound {
            guard index == list.upperBound || bytes[index] == UInt8(ascii: ";") else { continue }
            self.entries.append(Entry(start: Int32(start), end: Int32(index), line: -1))
            let name = start..<index
            if name.count == 4, equal(bytes, name, ascii: "host") { isHostSigned = true }
            if name.count == 10, equal(bytes, name, ascii: ":authority") { isHostSigned = true }
            start = index + 1
        }
        guard self.entries.count <= SigningRules.signedHeaderCountMax else {
            throw .tooManySignedHeaders(count: self.entries.count)
        }
        if rules != nil, !isHostSigned { throw .hostNotSigned }
        var missing: [String] = []
        let texts = headers.bytes.span
        let lines = headers.lines.span
        for index in lines.indices {
            let name = texts.extracting(lines[index].name)
            if self.place(name, Int32(index), bytes) { continue }
            if let rules, rules.mustBeSigned(name) { missing.append(headers.text(lines[index].name).lowercased()) }
        }
        guard missing.isEmpty else { throw .headersNotSigned(missing) }
    }

    /// - Returns: whether the list contains the name.
    private mutating func place(_ name: Span<UInt8>, _ line: Int32, _ bytes: Span<UInt8>) -> Bool {
        for index in self.entries.indices {
            let entry = self.entries[index]
            guard Int(entry.end - entry.start) == name.count, Self.matches(name, bytes, Int(entry.start)) else {
                continue
            }
            if entry.line < 0 {
                self.entries[index].line = line
            } else {
                self.furtherLines.append(FurtherLine(entry: Int32(index), line: line))
            }
            return true
        }
        return false
    }

    private static func matches(_ header: Span<UInt8>, _ bytes: Span<UInt8>, _ start: Int) -> Bool {
        for index in header.indices where lowercased(header[index]) != bytes[start + index] { return false }
        return true
    }
}
