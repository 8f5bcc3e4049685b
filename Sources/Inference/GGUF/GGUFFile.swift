/// A GGUF model in one or several files: its metadata, and the positions of its tensors. The weights stay on disk.
///
/// Parsing is strict: whatever ggml itself would refuse is refused here with a sentence that includes the position, and
/// a hostile file cannot use more memory than its own size.
/// - Source: the GGUF specification in ggml's `docs/gguf.md`, and ggml's own reader, `gguf.cpp`.
package struct GGUFFile: Sendable {
    /// The files, in order; one unless the model is split.
    package let paths: [String]
    /// The total size of all files.
    package let fileBytes: UInt64
    /// The metadata of the first file.
    package let metadata: GGUFMetadata
    /// The tensors of all files, in order.
    package let tensors: [GGUFTensor]
    /// The architecture, such as `llama`, `qwen3moe` or `clip`.
    package let architecture: String

    /// Opens a model by its only file, or by the first file of a split one, with the others in the same directory.
    package static func open(_ path: String) throws(GGUFError) -> GGUFFile {
        let first = try GGUFPart(path: path, part: 0)
        let count = try SplitModel.partCount(first)
        guard count > 1 else { return try GGUFFile([first]) }
        return try GGUFFile(first: first, others: Array(try SplitModel.siblings(of: path, count: count).dropFirst()))
    }

    /// Opens a model whose files have arbitrary names: `paths` are in the order of the parts, at least one.
    package static func open(parts paths: [String]) throws(GGUFError) -> GGUFFile {
        guard let path = paths.first else {
            throw GGUFError(.split, path: "", "a model has at least one file")
        }
        let first = try GGUFPart(path: path, part: 0)
        let count = try SplitModel.partCount(first)
        guard count == paths.count else {
            throw GGUFError(.split, path: path, "the model has \(count) files, and \(paths.count) were given")
        }
        return try GGUFFile(first: first, others: Array(paths.dropFirst()))
    }

    private init(first: GGUFPart, others: [String]) throws(GGUFError) {
        var parts = [first]
        for path in others {
            let part = try GGUFPart(path: path, part: parts.count)
            try SplitModel.check(part, number: parts.count, of: others.count + 1)
            parts.append(part)
        }
        try self.init(parts)
    }

    private init(_ parts: [GGUFPart]) throws(GGUFError) {
        let first = parts[0]
        if parts.count > 1 { try SplitModel.checkTensors(parts) }
        guard let architecture = first.metadata.text("general.architecture"), (1...64).contains(architecture.utf8.count)
        else {
            let reason = "\"general.architecture\" is missing, so that nothing can tell what kind of model this is"
            throw GGUFError(.malformed, path: first.path, reason)
        }
        self.architecture = architecture
        self.paths = parts.map(\.path)
        self.fileBytes = parts.reduce(0) { $0 + $1.fileBytes }
        self.metadata = first.metadata
        self.tensors = parts.flatMap(\.tensors)
    }
}

/// The rules of a model in several files.
/// - Source: llama.cpp's `llama_split_path` and its loader, `llama-model-loader.cpp`.
private enum SplitModel {
    /// The number of files according to the first file; 1 when it is not split.
    static func partCount(_ first: GGUFPart) throws(GGUFError) -> Int {
        guard let count = first.metadata.integer("split.count"), count > 1 else { return 1 }
        guard count <= GGUFLimits.partCountMax else {
            throw GGUFError(.tooLarge, path: first.path, "a model of \(count) files is not taken")
        }
        let number = first.metadata.integer("split.no") ?? 0
        guard number == 0 else {
            let name = self.split(first.path).map { self.path($0.prefix, 1, count) }
            let hint = name.map { ": \($0)" } ?? ""
            let reason = "this is file \(number + 1) of a model in \(count) files; give the first one\(hint)"
            throw GGUFError(.split, path: first.path, reason)
        }
        return Int(count)
    }

    /// The paths of all files, if the first is named `<name>-00001-of-<count>.gguf`.
    static func siblings(of path: String, count: Int) throws(GGUFError) -> [String] {
        guard let name = self.split(path), name.number == 1, name.count == count else {
            let expected = self.path("<name>", 1, UInt64(count))
            let reason = "this is the first of \(count) files, and is not named so: \(expected) was expected"
            throw GGUFError(.split, path: path, reason)
        }
        return (1...UInt64(count)).map { self.path(name.prefix, $0, UInt64(count)) }
    }

    static func check(_ part: GGUFPart, number: Int, of count: Int) throws(GGUFError) {
        let saysCount = part.metadata.integer("split.count")
        let saysNumber = part.metadata.integer("split.no")
        guard saysCount == UInt64(count), saysNumber == UInt64(number) else {
            let says = saysNumber.map { "number \($0 + 1)" } ?? "no part of a model"
            let reason = "file \(number + 1) of \(count) was expected here, and it says that it is \(says)"
            throw GGUFError(.split, path: part.path, reason)
        }
    }

    static func checkTensors(_ parts: [GGUFPart]) throws(GGUFError) {
        var names: Set<String> = []
        for part in parts {
            for tensor in part.tensors where !names.insert(tensor.name).inserted {
                let reason = "tensor \(GGUFError.shown(tensor.name)) stands in two files of the model"
                throw GGUFError(.split, path: part.path, reason)
            }
        }
        let announced = parts[0].metadata.integer("split.tensors.count")
        guard announced == nil || announced == UInt64(names.count) else {
            let reason = "the files have \(names.count) tensors together, and \(announced ?? 0) are announced"
            throw GGUFError(.split, path: parts[0].path, reason)
        }
    }

    private static func path(_ prefix: Substring, _ number: UInt64, _ count: UInt64) -> String {
        "\(prefix)-\(self.fiveDigits(number))-of-\(self.fiveDigits(count)).gguf"
    }

    private static func fiveDigits(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    /// Splits `<prefix>-00001-of-00003.gguf` into its parts.
    private static func split(_ path: String) -> (prefix: Substring, number: Int, count: Int)? {
        // "-00001-of-00003.gguf" has twenty characters.
        guard path.hasSuffix(".gguf"), path.utf8.count > 20 else { return nil }
        let tail = path.suffix(20)
        guard tail.hasPrefix("-"), let number = Int(tail.dropFirst().prefix(5)),
            tail.dropFirst(6).hasPrefix("-of-"), let count = Int(tail.dropFirst(10).prefix(5))
        else { return nil }
        return (path.dropLast(20), number, count)
    }
}
