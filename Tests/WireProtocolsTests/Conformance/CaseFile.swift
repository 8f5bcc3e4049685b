import Foundation

/// One file of conformance cases: a model in Smithy's language and what must come of it.
struct CaseFile: Sendable, CustomStringConvertible {
    let name: String
    let content: CaseJSON

    var description: String { self.name }

    /// The folder of the cases; nil where this checkout has none.
    static let folder: URL? = {
        let environment = ProcessInfo.processInfo.environment
        var candidates: [URL] = []
        if let path = environment["BRUME_PROTOCOL_CASES"] { candidates.append(URL(filePath: path)) }
        var root = URL(filePath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<4 { root.deleteLastPathComponent() }
        candidates.append(root.appending(path: "../shared/protocol-cases").standardizedFileURL)
        return candidates.first { FileManager.default.fileExists(atPath: $0.path) }
    }()

    /// Every file whose name starts so, by name.
    static func all(_ prefix: String, in folder: URL? = Self.folder) -> [CaseFile] {
        guard let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
            return []
        }
        return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".json") }.sorted().compactMap { name in
            guard let data = try? Data(contentsOf: folder.appending(path: name)),
                let content = try? CaseJSON.parse(Array(data))
            else { return nil }
            return CaseFile(name: name, content: content)
        }
    }

    static let smithy = Self.all("smithy-")

    /// Cases that a server can use.
    func serverCases(_ list: String) -> [CaseJSON] {
        (self.content[list]?.array ?? []).filter { ($0["appliesTo"]?.string ?? "server") == "server" }
    }
}
