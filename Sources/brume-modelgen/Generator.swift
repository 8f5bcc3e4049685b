package import Foundation

/// Finds the models, generates, and writes or compares.
package struct Generator {
    let root: URL

    package init(root: URL) {
        self.root = root
    }

    /// Services whose Swift name is not their model's name capitalised.
    private static let names = [
        "dynamodb": "DynamoDB", "dynamodbstreams": "DynamoDBStreams", "sts": "STS", "iam": "IAM", "hostile": "Hostile",
        "bedrock-runtime": "BedrockRuntime",
    ]

    /// - Returns: path relative to the root to content, of every model there.
    package func generate() throws -> [String: String] {
        let models = self.root.appending(path: "Models")
        var files: [String: String] = [:]
        let names = try FileManager.default.contentsOfDirectory(atPath: models.path).sorted()
        for name in names where name.hasSuffix(".ops") {
            let service = String(name.dropLast(".ops".count))
            let swiftName = Self.names[service] ?? service.prefix(1).uppercased() + service.dropFirst()
            for (path, content) in try Self.service(service, named: swiftName, in: models) {
                files["Sources/Services/\(swiftName)/Generated/\(path)"] = content
            }
        }
        guard !files.isEmpty else { throw GeneratorError("there is no model in \(models.path)") }
        return files
    }

    /// The files of one service's model in a folder.
    package static func service(_ service: String, named name: String, in folder: URL) throws -> [String: String] {
        let decoder = JSONDecoder()
        let file = try decoder.decode(ModelFile.self, from: Data(contentsOf: folder.appending(path: "\(service).json")))
        let listing = try String(contentsOf: folder.appending(path: "\(service).ops"), encoding: .utf8)
        let listed = listing.split(separator: "\n").map { String($0.prefix { $0 != "#" && $0 != " " }) }
        let patchPath = folder.appending(path: "\(service).patch.json")
        let patch =
            FileManager.default.fileExists(atPath: patchPath.path)
            ? try decoder.decode(PatchFile.self, from: Data(contentsOf: patchPath)) : PatchFile()
        let listedNames = listed.filter { !$0.isEmpty }
        guard Set(listedNames).count == listedNames.count else {
            throw GeneratorError("\(service).ops names an operation twice")
        }
        let ir = try ServiceIR(name: name, file: file, listed: listedNames, patch: patch)
        return ServiceEmitter(service: ir).files()
    }

    /// Files in `Generated/` folders that no model makes any more.
    private func orphans(_ files: [String: String]) -> [String] {
        let services = self.root.appending(path: "Sources/Services")
        let walker = FileManager.default.enumerator(atPath: services.path)
        var orphans: [String] = []
        while let path = walker?.nextObject() as? String {
            let full = "Sources/Services/\(path)"
            if path.contains("/Generated/"), path.hasSuffix(".swift"), files[full] == nil { orphans.append(full) }
        }
        return orphans.sorted()
    }

    /// - Returns: what is not as the models say.
    package func stale() throws -> [String] {
        let files = try self.generate()
        let changed = files.filter { path, content in
            (try? String(contentsOf: self.root.appending(path: path), encoding: .utf8)) != content
        }
        return changed.keys.sorted() + self.orphans(files)
    }

    /// - Returns: how many files were written.
    package func write() throws -> Int {
        let files = try self.generate()
        for orphan in self.orphans(files) { try FileManager.default.removeItem(at: self.root.appending(path: orphan)) }
        for (path, content) in files {
            let url = self.root.appending(path: path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try content.write(to: url, atomically: true, encoding: .utf8)
        }
        return files.count
    }
}
