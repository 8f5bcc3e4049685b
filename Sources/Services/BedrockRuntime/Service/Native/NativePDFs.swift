internal import Primitives
internal import ServiceModel

/// Converts the PDFs of a native body: each PDF document becomes a text document.
///
/// Claude's notation is `{"type": "document", "source": {"type": "base64", …}}`, Nova's `{"format": "pdf", "name": …,
/// "source": {"bytes": …}}`; both occur in messages and in results of tools.
struct NativePDFs {
    /// The limit on PDFs in one body. Claude's models limit their pages, but not their number.
    private static let countMax = 20

    private var count = 0

    /// The body with PDFs replaced by texts; anything invalid is left unchanged.
    static func read(_ body: Document) async throws(ServiceError) -> Document {
        guard case .object(var members) = body, let index = members.firstIndex(where: { $0.name == "messages" }),
            self.hasPDF(members[index].value)
        else { return body }
        var reader = NativePDFs()
        members[index].value = try await reader.read(members[index].value, "messages")
        return .object(members)
    }

    /// - Complexity: recursion is as deep as the document, which the JSON parser limits.
    private static func hasPDF(_ value: Document) -> Bool {
        switch value {
        case .array(let elements): elements.contains(where: self.hasPDF)
        case .object(let members):
            self.base64(of: value) != nil
                || members.contains { $0.name != "input" && self.hasPDF($0.value) }
        default: false
        }
    }

    /// The arguments of tool calls are left unchanged, whatever they contain.
    private mutating func read(_ value: Document, _ path: String) async throws(ServiceError) -> Document {
        switch value {
        case .array(var elements):
            for index in elements.indices {
                elements[index] = try await self.read(elements[index], "\(path).\(index)")
            }
            return .array(elements)
        case .object(var members):
            if let text = Self.base64(of: value), let bytes = Base64.decode(text.utf8) {
                return try await self.read(members, bytes, path)
            }
            for index in members.indices where members[index].name != "input" {
                members[index].value = try await self.read(members[index].value, "\(path).\(members[index].name)")
            }
            return .object(members)
        default: return value
        }
    }

    private mutating func read(
        _ members: [Document.Member], _ bytes: [UInt8], _ path: String
    ) async throws(ServiceError) -> Document {
        self.count += 1
        guard self.count <= Self.countMax else {
            throw .invalid("\(path): a request has \(Self.countMax) PDF documents at most")
        }
        let text = Document.string(try await Documents.text(of: bytes, at: path))
        var members = members
        for index in members.indices where members[index].name == "source" {
            let isClaude = members[index].value["bytes"] == nil
            members[index].value =
                isClaude
                ? .object(["type": .string("text"), "media_type": .string("text/plain"), "data": text])
                : .object(["text": text])
        }
        return .object(members)
    }

    /// The base64 text of a PDF document; nil for other values.
    private static func base64(of value: Document) -> String? {
        guard let source = value["source"] else { return nil }
        if value["type"]?.text == "document", source["type"]?.text == "base64",
            source["media_type"]?.text == "application/pdf"
        {
            return source["data"]?.text
        }
        return value["format"]?.text == "pdf" && value["name"] != nil ? source["bytes"]?.text : nil
    }
}
