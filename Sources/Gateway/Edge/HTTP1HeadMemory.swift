internal import Primitives

/// The header lines of the request before, on the same connection.
///
/// A client repeats nearly all of them byte for byte. A line that stands again at its place was checked already, and
/// its texts are shared instead of made anew.
struct HTTP1HeadMemory {
    /// A longer head is not kept: an idle connection must cost little.
    static let bytesMax = 2048

    private var bytes: [UInt8] = []
    /// Where each header line begins, and where the last one ends.
    private var starts: [Int] = []
    private var headers = HeaderFields()

    /// The field of the line at that place, and how long the line is; nil unless it begins at `start` of `bytes` too.
    func line(_ place: Int, of bytes: Span<UInt8>, at start: Int) -> (field: HeaderFields.Field, length: Int)? {
        guard place + 1 < self.starts.count else { return nil }
        let line = self.starts[place]..<self.starts[place + 1]
        guard line.count <= bytes.count - start,
            ByteScan.areEqual(
                self.bytes.span.extracting(line), bytes.extracting(start..<(start + line.count)))
        else { return nil }
        return (self.headers.fields[place], line.count)
    }

    /// Keeps a head that was read.
    /// - Parameters:
    ///   - bytes: the head.
    ///   - starts: where in it each header line begins, and where the last one ends.
    ///   - headers: its lines.
    mutating func keep(_ bytes: Span<UInt8>, starts: [Int], _ headers: HeaderFields) {
        guard bytes.count <= Self.bytesMax else { return self.forget() }
        self.bytes.removeAll(keepingCapacity: true)
        unsafe bytes.withUnsafeBytes { unsafe self.bytes.append(contentsOf: $0) }
        self.starts = starts
        self.headers = headers
    }

    mutating func forget() {
        self = HTTP1HeadMemory()
    }
}
