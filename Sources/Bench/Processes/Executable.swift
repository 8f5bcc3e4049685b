internal import Foundation

/// This program, to start itself again and to find the server that was built with it.
enum Executable {
    static let path: String = {
        let linked = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return linked ?? Bundle.main.executablePath ?? CommandLine.arguments[0]
    }()

    static var folder: String { URL(fileURLWithPath: self.path).deletingLastPathComponent().path }

    /// `brume`, beside this program.
    static func server() throws -> String {
        let path = self.folder + "/brume"
        guard unsafe access(path, X_OK) == 0 else {
            throw BenchError("\(path) is missing; build it with `swift build -c release --product brume`")
        }
        return path
    }
}
