internal import Primitives

/// The rules for names of models, and for alias patterns.
package enum ModelName {
    /// The length limit in bytes; a model id of Bedrock has at most 140 in its pattern.
    package static let bytesMax = 128
    /// The prefix of Brume's own models.
    package static let reservedPrefix = "brume."

    /// Lower-case letters, digits and `._:-`, beginning with a letter or digit, without two dots in a row: safe as a
    /// file name everywhere, and valid as a model id of Bedrock.
    package static func isLawful(_ name: String) -> Bool {
        guard let first = name.utf8.first, (1...self.bytesMax).contains(name.utf8.count),
            self.isPlain(first), !name.contains("..")
        else { return false }
        return name.utf8.allSatisfy { self.isPlain($0) || "._:-".utf8.contains($0) }
    }

    /// - Throws: a sentence with the rule.
    package static func check(_ name: String) throws(RegistryError) {
        guard self.isLawful(name) else {
            throw RegistryError(
                .usage,
                "\"\(name)\" is not a model name: a name is 1 to \(self.bytesMax) lower-case letters, digits and "
                    + "characters of ._:- and begins with a letter or digit")
        }
        guard !name.hasPrefix(self.reservedPrefix) else {
            throw RegistryError(
                .usage, "names that begin with \(self.reservedPrefix) are Brume's own; choose another with --name")
        }
    }

    /// A pattern is a name, or an id of Bedrock, in which `*` matches any characters.
    package static func checkPattern(_ pattern: String) throws(RegistryError) {
        let isLawful =
            (1...self.bytesMax).contains(pattern.utf8.count) && !pattern.contains("..")
            && pattern.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "._:-*".utf8.contains($0) }
        guard isLawful else {
            throw RegistryError(
                .usage,
                "\"\(pattern)\" is not an alias: an alias is 1 to \(self.bytesMax) letters, digits and characters of "
                    + "._:- and * for any characters, such as 'anthropic.claude-3-*'")
        }
    }

    /// A valid name derived from a file name, without `.gguf` and the number of a part.
    package static func suggested(for fileName: String) -> String {
        let base = SplitFileName(fileName)?.base ?? fileName
        var name: [UInt8] = []
        for byte in (base.lowercased().hasSuffix(".gguf") ? String(base.dropLast(5)) : base).utf8 {
            let lower = ASCII.lowercased(byte)
            let isKept = self.isPlain(lower) || "._:-".utf8.contains(lower)
            let next = isKept ? lower : UInt8(ascii: "-")
            if !self.isPlain(next), name.isEmpty || name.last == next { continue }
            name.append(next)
        }
        let text = String(decoding: name.prefix(self.bytesMax), as: UTF8.self)
        return text.isEmpty ? "model" : text.hasPrefix(self.reservedPrefix) ? "my-\(text)" : text
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte &- 0x61 < 26 || ASCII.isDigit(byte)
    }
}

/// The name of one part of a split model: `base-00001-of-00003.gguf`.
/// - Source: llama.cpp, `llama_split_path` and `llama_split_prefix`.
package struct SplitFileName: Sendable, Equatable {
    /// The maximum number of parts.
    package static let partCountMax = 999

    /// Without number and extension; includes the directory.
    package let base: String
    /// 1...count
    package let number: Int
    package let count: Int

    package init(base: String, number: Int, count: Int) {
        self.base = base
        self.number = number
        self.count = count
    }

    /// - Returns: nil for a file that is not part of a split model.
    package init?(_ fileName: String) {
        // -00001-of-00003.gguf
        let suffixCount = 20
        guard fileName.utf8.count > suffixCount, fileName.hasSuffix(".gguf") else { return nil }
        let suffix = fileName.suffix(suffixCount)
        let parts = suffix.dropLast(5).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].isEmpty, parts[2] == "of", parts[1].utf8.count == 5, parts[3].utf8.count == 5,
            let number = Int(parts[1]), let count = Int(parts[3]), (1...Self.partCountMax).contains(count),
            (1...count).contains(number)
        else { return nil }
        self.init(base: String(fileName.dropLast(suffixCount)), number: number, count: count)
    }

    package var fileName: String {
        "\(self.base)-\(Self.digits(self.number))-of-\(Self.digits(self.count)).gguf"
    }

    /// The names of all parts, in order.
    package var all: [String] {
        (1...self.count).map { SplitFileName(base: self.base, number: $0, count: self.count).fileName }
    }

    private static func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: 5 - text.count) + text
    }
}
