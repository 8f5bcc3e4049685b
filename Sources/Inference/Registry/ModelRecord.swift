package import Primitives
package import ServiceModel

/// A model on disk: its files, its origin and its properties.
package struct ModelRecord: Sendable, Equatable {
    /// The purpose of a model.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case chat, embedding, rerank
    }

    /// One file of a model.
    package struct File: Sendable, Equatable {
        /// The role of the file in the model.
        package enum Role: String, Sendable, Hashable, CaseIterable {
            /// Weights; several parts are in order.
            case weights
            /// The projector, which encodes images as vectors for the model.
            case projector
        }

        package var role: Role
        package var digest: ContentDigest
        package var bytes: Int64
        /// The original file name, without directories; for display, and for the engine, which finds parts by name.
        package var name: String

        package init(role: Role, digest: ContentDigest, bytes: Int64, name: String) {
            self.role = role
            self.digest = digest
            self.bytes = bytes
            self.name = name
        }
    }

    /// The file's own metadata; nil where they are missing.
    package struct Facts: Sendable, Equatable {
        package var architecture: String?
        package var parameterCount: Int64?
        package var contextTokensMax: Int?
        /// Such as `Q4_K_M`.
        package var quantisation: String?

        package init(
            architecture: String? = nil, parameterCount: Int64? = nil, contextTokensMax: Int? = nil,
            quantisation: String? = nil
        ) {
            self.architecture = architecture
            self.parameterCount = parameterCount
            self.contextTokensMax = contextTokensMax
            self.quantisation = quantisation
        }
    }

    package var name: String
    package var kind: Kind
    package var files: [File]
    package var facts: Facts
    /// A reference or a path; for display.
    package var source: String
    /// The hub's name of the license, such as `apache-2.0`; nil if unknown.
    package var license: String?
    /// Whether it is loaded at start and stays loaded.
    package var isPinned: Bool
    package var added: Timestamp

    package init(
        name: String, kind: Kind = .chat, files: [File], facts: Facts = Facts(), source: String,
        license: String? = nil, isPinned: Bool = false, added: Timestamp
    ) {
        self.name = name
        self.kind = kind
        self.files = files
        self.facts = facts
        self.source = source
        self.license = license
        self.isPinned = isPinned
        self.added = added
    }

    package var weights: [File] { self.files.filter { $0.role == .weights } }
    package var projector: File? { self.files.first { $0.role == .projector } }
    package var bytes: Int64 { self.files.reduce(0) { $0 + $1.bytes } }

    /// The day on which it was added, in UTC: `2026-11-28`.
    package var addedDate: String {
        let date = CalendarDate(self.added)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        return "\(date.year)-\(two(date.month))-\(two(date.day))"
    }

    /// Identifies the model's content: the digest of its file, or of its files' digests.
    package var digest: ContentDigest {
        guard self.files.count != 1, !self.files.isEmpty else {
            return self.files.first?.digest ?? ContentDigest(of: [])
        }
        return ContentDigest(of: Array(self.files.map { "\($0.role.rawValue) \($0.digest.hex)\n" }.joined().utf8))
    }
}

extension ModelRecord {
    static let format = "brume-model 1"
    /// The maximum number of files: the parts of the weights, and a projector.
    static let fileCountMax = SplitFileName.partCountMax + 1

    /// For the file on disk and for the command line's `--output json`.
    package var document: Document {
        .object([
            "name": .string(self.name),
            "kind": .string(self.kind.rawValue),
            "digest": .string(self.digest.fileName),
            "files": .array(
                self.files.map { file in
                    .object([
                        "role": .string(file.role.rawValue), "digest": .string(file.digest.fileName),
                        "bytes": .number(Int(file.bytes)), "name": .string(file.name),
                    ])
                }),
            "architecture": self.facts.architecture.map { .string($0) },
            "parameters": self.facts.parameterCount.map { .number(Int($0)) },
            "contextTokens": self.facts.contextTokensMax.map { .number($0) },
            "quantisation": self.facts.quantisation.map { .string($0) },
            "source": .string(self.source),
            "license": self.license.map { .string($0) },
            "pinned": .boolean(self.isPinned),
            "added": .number(Int(self.added.millisecondsSinceEpoch)),
        ])
    }

    /// The record as one line of JSON, for programs.
    package var json: String { String(decoding: RegistryText.json(self.document), as: UTF8.self) }

    /// - Returns: nil unless all required members exist and are valid, and the digest matches the files.
    init?(_ document: Document) {
        guard let name = document["name"]?.text, ModelName.isLawful(name),
            let kind = document["kind"]?.text.flatMap(Kind.init(rawValue:)),
            let source = document["source"]?.text, case .boolean(let isPinned)? = document["pinned"],
            let added = document["added"]?.integer
        else { return nil }
        var files: [File] = []
        for element in document["files"]?.elements ?? [] {
            guard let file = File(element), files.count < Self.fileCountMax else { return nil }
            files.append(file)
        }
        self.init(
            name: name, kind: kind, files: files,
            facts: Facts(
                architecture: document["architecture"]?.text,
                parameterCount: document["parameters"]?.integer.map(Int64.init),
                contextTokensMax: document["contextTokens"]?.integer,
                quantisation: document["quantisation"]?.text),
            source: source, license: document["license"]?.text, isPinned: isPinned,
            added: Timestamp(millisecondsSinceEpoch: Int64(added)))
        guard !self.weights.isEmpty, document["digest"]?.text == self.digest.fileName else { return nil }
    }
}

extension ModelRecord.File {
    init?(_ document: Document) {
        guard let role = document["role"]?.text.flatMap(Role.init(rawValue:)),
            let digest = document["digest"]?.text.flatMap({ ContentDigest(fileName: $0) }),
            let bytes = document["bytes"]?.integer, bytes >= 0,
            let name = document["name"]?.text, Self.isLawfulName(name)
        else { return nil }
        self.init(role: role, digest: digest, bytes: Int64(bytes), name: name)
    }

    /// A file name without directories: it becomes the name of a link.
    static func isLawfulName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && !name.contains("/") && name != "." && name != ".."
            && !name.utf8.contains(0)
    }
}
