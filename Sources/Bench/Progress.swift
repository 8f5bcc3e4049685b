internal import Foundation

/// Says on standard error how far a run is, so that standard output holds the figures only.
enum Progress {
    private static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// On a terminal each line replaces the one before.
    static func say(_ line: String) {
        let text = self.isTerminal ? "\r\u{1B}[K\(line)" : "\(line)\n"
        FileHandle.standardError.write(Data(text.utf8))
    }

    /// Clears the line, so that the figures begin at the left.
    static func end() {
        if self.isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
