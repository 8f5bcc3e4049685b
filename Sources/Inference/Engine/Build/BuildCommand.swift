internal import Primitives

/// Runs a program to its end, in this process's group, so that an interrupt from the terminal ends it too.
enum BuildCommand {
    /// - Parameters:
    ///   - command: the program's path and arguments.
    ///   - onLines: called with lines of output as they are read, on its own thread.
    /// - Returns: the program's exit.
    /// - Throws: when it cannot be started.
    static func run(
        _ command: [String], onLines: @escaping @Sendable (OutputLines) -> Void
    ) async throws(ProcessStartError) -> ProcessEnd {
        let child = try ChildOutput.start(command, input: nil, startsGroup: false)
        return await withCheckedContinuation { continuation in
            BlockingThread.start("build-output") {
                LineReader(descriptor: child.descriptor).run { lines in
                    onLines(lines)
                    return .atOnce
                }
                continuation.resume(returning: child.end())
            }
        }
    }
}

/// The progress of a build, from the output of make and ninja.
package enum BuildProgress {
    /// `[ 12%] Building …` as 12, `[3/120] Building …` as 2; nil for other lines.
    package static func percent(_ line: String) -> Int? {
        guard line.hasPrefix("["), let end = line.firstIndex(of: "]") else { return nil }
        let text = line[line.index(after: line.startIndex)..<end].filter { $0 != " " }
        if text.hasSuffix("%") { return Int(text.dropLast()).flatMap { (0...100).contains($0) ? $0 : nil } }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let done = Int(parts[0]), let all = Int(parts[1]), all > 0, (0...all).contains(done)
        else { return nil }
        return Int(Double(done) / Double(all) * 100)
    }
}
