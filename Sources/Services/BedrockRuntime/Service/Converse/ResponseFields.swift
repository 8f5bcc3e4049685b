internal import ServiceModel

/// `additionalModelResponseFieldPaths`: members of the model's native answer to add to that of Converse.
/// - Source: Amazon Bedrock API reference, Converse: existing members are returned as nested objects, missing ones are
///   ignored, and an invalid JSON Pointer (RFC 6901) is refused.
struct ResponseFields: Sendable {
    private let paths: [[String]]

    init(_ pointers: [String]?) throws(ServiceError) {
        var paths: [[String]] = []
        for pointer in pointers ?? [] {
            guard let path = Self.path(pointer) else {
                throw .invalid("Invalid JSON Pointer provided in additionalModelResponseFieldPaths: \(pointer)")
            }
            paths.append(path)
        }
        self.paths = paths
    }

    var isEmpty: Bool { self.paths.isEmpty }

    private static func path(_ pointer: String) -> [String]? {
        guard pointer.hasPrefix("/") else { return nil }
        var path: [String] = []
        for token in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            var name = ""
            var letters = token.makeIterator()
            while let letter = letters.next() {
                guard letter == "~" else {
                    name.append(letter)
                    continue
                }
                switch letters.next() {
                case "0": name.append("~")
                case "1": name.append("/")
                default: return nil
                }
            }
            path.append(name)
        }
        return path
    }

    /// The members at the paths, each from the first document that has it; nil when none exists.
    func found(in documents: [Document]) -> Document? {
        var found: Document?
        for path in self.paths {
            guard let value = documents.lazy.compactMap({ Self.value(path, in: $0) }).first else { continue }
            found = Self.setting(value, at: path[...], in: found)
        }
        return found
    }

    private static func value(_ path: [String], in document: Document) -> Document? {
        var value = document
        for name in path {
            let next: Document?
            if case .array(let elements) = value {
                next = Int(name).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            } else {
                next = value[name]
            }
            guard let next else { return nil }
            value = next
        }
        return value
    }

    private static func setting(_ value: Document, at path: ArraySlice<String>, in document: Document?) -> Document {
        guard let name = path.first else { return value }
        var members = document?.members ?? []
        let index = members.firstIndex { $0.name == name }
        let inner = self.setting(value, at: path.dropFirst(), in: index.map { members[$0].value })
        if let index { members[index].value = inner } else { members.append(.init(name, inner)) }
        return .object(members)
    }
}
