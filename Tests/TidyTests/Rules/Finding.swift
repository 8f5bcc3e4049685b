/// One place that breaks a house rule.
struct Finding: Hashable, Sendable, CustomStringConvertible {
    /// The file's path from the package's root.
    let path: String
    /// The line, counted from 1.
    let line: Int
    /// What is wrong and what to do instead, without a full stop.
    let message: String

    var description: String { "\(path):\(line): \(message)" }
}
