#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Whole lines of a child's output. They stay bytes until somebody reads them: an engine prints dozens of lines for
/// each request, and nearly all of them are only kept.
package struct OutputLines: Sendable, ExpressibleByArrayLiteral {
    private static let newline = UInt8(ascii: "\n")

    /// Each line ends with a newline.
    private(set) var bytes: [UInt8] = []

    init() {}

    package init(_ lines: [String]) {
        for line in lines { self.append(line.utf8) }
    }

    package init(arrayLiteral lines: String...) { self.init(lines) }

    /// Adds one line.
    mutating func append(_ line: some Collection<UInt8>) {
        self.bytes.append(contentsOf: line)
        self.bytes.append(Self.newline)
    }

    /// Adds all lines of others.
    mutating func append(_ lines: OutputLines) { self.bytes += lines.bytes }

    /// Moves the lines that `rest` has completed here.
    mutating func takeWhole(from rest: inout [UInt8]) {
        guard let end = rest.lastIndex(of: Self.newline) else { return }
        self.bytes += rest[...end]
        rest.removeFirst(end + 1)
    }

    /// Removes lines from the beginning until at most so many bytes are left.
    mutating func shorten(to bytesMax: Int) {
        guard self.bytes.count > bytesMax else { return }
        let end = self.bytes[(self.bytes.count - bytesMax - 1)...].firstIndex(of: Self.newline)
        self.bytes.removeFirst(end.map { $0 + 1 } ?? self.bytes.count)
    }

    var isEmpty: Bool { self.bytes.isEmpty }

    /// The lines without their newlines.
    package var texts: [String] {
        self.bytes.split(separator: Self.newline, omittingEmptySubsequences: false).dropLast().map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Whether a line contains a pattern, which has no newline.
    func contains(_ search: ByteSearch) -> Bool { search.firstIndex(in: self.bytes.span) != nil }
}

/// Splits the data of a descriptor into lines.
struct LineReader {
    /// A line of more bytes that is not complete yet is split.
    static let lineBytesMax = 4096
    /// How long output gathers. A full pipe holds up a child's printing for no longer than this.
    static let gatherMilliseconds: Int32 = 20

    /// When the next read begins.
    enum Pace {
        case atOnce
        /// After `gatherMilliseconds`, or when the other end is closed.
        case gathered
    }

    let descriptor: Int32

    /// Reads until the other end is closed. Blocks.
    /// - Parameter onLines: called with the lines that a read completed; returns when the next read begins.
    func run(_ onLines: (OutputLines) -> Pace) {
        var rest: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe read(self.descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            rest += piece[..<count]
            var lines = OutputLines()
            lines.takeWhole(from: &rest)
            if rest.count >= Self.lineBytesMax {
                lines.append(rest)
                rest = []
            }
            let pace = lines.isEmpty ? .atOnce : onLines(lines)
            if pace == .gathered, count < piece.count { self.gather() }
        }
        guard !rest.isEmpty else { return }
        var last = OutputLines()
        last.append(rest)
        _ = onLines(last)
    }

    /// Waits without being woken by output: for no events but the end, which `poll` reports unasked.
    private func gather() {
        var entry = pollfd(fd: self.descriptor, events: 0, revents: 0)
        _ = unsafe poll(&entry, 1, Self.gatherMilliseconds)
    }
}
