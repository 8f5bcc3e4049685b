internal import Primitives

/// A program that is run to its end, in this process's group: an interrupt at the terminal ends it too.
enum BuildCommand {
    /// - Parameters:
    ///   - command: the program's path and its words.
    ///   - onLine: given each line that it prints, on a thread of its own.
    /// - Returns: how it ended.
    /// - Throws: where it does not start.
    static func run(
        _ command: [String], onLine: @escaping @Sendable (String) -> Void
    ) async throws(ProcessStartError) -> ProcessEnd {
        let child = try ChildOutput.start(command, input: nil, startsGroup: false)
        return await withCheckedContinuation { continuation in
            BlockingThread.start("build-output") {
                LineReader(descriptor: child.descriptor).run(onLine)
                continuation.resume(returning: child.end())
            }
        }
    }
}

/// How far a build is, by what make and ninja print.
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
