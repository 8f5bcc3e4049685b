import Foundation

/// botocore's protocol cases in the form of Smithy's, so that one runner serves both.
///
/// botocore writes the same facts in another language: `location` instead of binding traits, `locationName` for every
/// kind of name, `flattened` on the list instead of on the member. Each case becomes a file of its own.
enum BotocoreCases {
    /// The suites of a file, one small model a case.
    static func convert(_ file: CaseFile) -> [CaseFile] {
        (file.content["suites"]?.array ?? []).flatMap { suite in
            (suite["cases"]?.array ?? []).map { item in
                CaseFile(name: file.name, content: BotocoreCase(suite, item).content)
            }
        }
    }

    /// Where botocore's files are: with the larger collection, or fetched by `Scripts/fetch-protocol-cases`.
    static let folder: URL? = {
        if let folder = CaseFile.folder { return folder }
        var root = URL(filePath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let fetched = root.appending(path: ".build/protocol-cases")
        return FileManager.default.fileExists(atPath: fetched.path) ? fetched : nil
    }()

    static let inputs = CaseFile.all("botocore-input-", in: folder)
    static let outputs = CaseFile.all("botocore-output-", in: folder)
}

/// One case of botocore.
private struct BotocoreCase {
    private let metadata: CaseJSON
    private let shapes: [String: CaseJSON]
    private let given: CaseJSON
    private let item: CaseJSON
    private static let namespace = "botocore"

    init(_ suite: CaseJSON, _ item: CaseJSON) {
        self.metadata = suite["metadata"] ?? .null
        self.shapes = suite["shapes"]?.object ?? [:]
        self.given = item["given"] ?? .null
        self.item = item
    }

    private static func id(_ shape: String) -> String { "\(self.namespace)#\(shape)" }

    var content: CaseJSON {
        var content: [String: CaseJSON] = [
            "service": self.service,
            "operations": .object([self.given["name"]?.string ?? "": self.operation]),
            "shapes": .object(self.convertedShapes),
        ]
        if self.item["serialized"] == nil {
            content["responseCases"] = .array([self.response])
        } else {
            content["requestCases"] = .array([self.request])
        }
        return .object(content)
    }

    private var protocolName: String {
        switch self.metadata["protocol"]?.string {
        case "json": self.metadata["jsonVersion"]?.string == "1.0" ? "awsJson1_0" : "awsJson1_1"
        case "rest-json": "restJson1"
        case "rest-xml": "restXml"
        case "query": "awsQuery"
        case "ec2": "ec2Query"
        default: "rpcv2Cbor"
        }
    }

    private var service: CaseJSON {
        var traits: [String: CaseJSON] = [:]
        if self.metadata["awsQueryCompatible"] != nil { traits["aws.protocols#awsQueryCompatible"] = .object([:]) }
        // The language of the suites does not say it; the documents do.
        let body = self.item["response"]?["body"]?.string ?? ""
        if let match = body.firstMatch(of: /<[A-Za-z:]+ xmlns="([^"]+)"/) {
            traits["xmlNamespace"] = .object(["uri": .string(String(match.1))])
        }
        let type = (try? CaseJSON.parse(Array(body.utf8)))?["__type"]?.string
        let namespace = type.map { String($0.prefix { $0 != "#" }) } ?? Self.namespace
        return .object([
            "id": .string("\(namespace)#Service"),
            "name": self.metadata["targetPrefix"] ?? .string("Service"),
            "version": self.metadata["apiVersion"] ?? .string(""),
            "protocols": .array([.string("x#\(self.protocolName)")]),
            "traits": .object(traits),
        ])
    }

    private var operation: CaseJSON {
        var operation: [String: CaseJSON] = [
            "errors": .array(
                (self.given["errors"]?.array ?? []).compactMap { $0["shape"]?.string }.map {
                    .string(Self.id($0))
                })
        ]
        for side in ["input", "output"] {
            if let shape = self.given[side]?["shape"]?.string { operation[side] = .string(Self.id(shape)) }
        }
        let http = self.given["http"]
        operation["traits"] = .object([
            "http": .object([
                "method": http?["method"] ?? .string("POST"),
                "uri": .string(self.uri(http?["requestUri"]?.string ?? "/")),
                "code": http?["responseCode"] ?? .integer(200),
            ])
        ])
        return .object(operation)
    }

    /// Labels are named by `locationName` here, by the member in Smithy.
    private func uri(_ template: String) -> String {
        let input = self.given["input"]?["shape"]?.string.flatMap { self.shapes[$0] }
        var template = template
        for (name, member) in input?["members"]?.object ?? [:] where member["location"]?.string == "uri" {
            guard let label = member["locationName"]?.string else { continue }
            template = template.replacing("{\(label)", with: "{\(name)")
        }
        return template
    }

    private var request: CaseJSON {
        let serialized = self.item["serialized"]
        let target = serialized?["uri"]?.string ?? "/"
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var request = serialized?.object ?? [:]
        request["id"] = self.item["id"]
        request["operation"] = self.given["name"]
        request["params"] = self.item["params"]
        request["uri"] = .string(String(halves[0]))
        if halves.count > 1 { request["queryParams"] = .array([.string(String(halves[1]))]) }
        if let type = self.bodyMediaType("input") { request["bodyMediaType"] = .string(type) }
        return .object(request)
    }

    private var response: CaseJSON {
        let response = self.item["response"]
        var converted: [String: CaseJSON] = [
            "id": self.item["id"] ?? .null, "operation": self.given["name"] ?? .null,
            "code": response?["status_code"] ?? .null,
        ]
        converted["headers"] = response?["headers"]
        converted["body"] = response?["body"]
        if let type = self.bodyMediaType("output") { converted["bodyMediaType"] = .string(type) }
        if self.item["error"] != nil {
            let shape = self.given["errors"]?.array.first?["shape"]?.string ?? ""
            converted["error"] = .string(Self.id(shape))
            converted["params"] = self.item["error"]
        } else {
            converted["params"] = self.item["result"]
        }
        return .object(converted)
    }

    /// The notation of the body; nil where it is one member's own bytes.
    private func bodyMediaType(_ side: String) -> String? {
        let shape = self.given[side]?["shape"]?.string.flatMap { self.shapes[$0] }
        if self.item["error"] == nil, let payload = shape?["payload"]?.string,
            let target = shape?["members"]?[payload]?["shape"]?.string,
            ["blob", "string"].contains(self.shapes[target]?["type"]?.string ?? "")
        {
            return nil
        }
        return switch self.protocolName {
        case "restXml": "application/xml"
        case "awsQuery", "ec2Query": side == "input" ? "application/x-www-form-urlencoded" : "application/xml"
        case "rpcv2Cbor": "application/cbor"
        default: "application/json"
        }
    }

    private var convertedShapes: [String: CaseJSON] {
        var converted: [String: CaseJSON] = [:]
        for (name, shape) in self.shapes { converted[Self.id(name)] = self.convert(name, shape) }
        return converted
    }

    private func convert(_ name: String, _ shape: CaseJSON) -> CaseJSON {
        var type = shape["type"]?.string ?? "string"
        var traits = Self.names(shape)
        if shape["document"] != nil { type = "document" }
        if shape["union"] != nil { type = "union" }
        if let format = shape["timestampFormat"] { traits["timestampFormat"] = format }
        if let values = shape["enum"]?.array {
            traits["enum"] = .array(values.map { .object(["value": $0]) })
        }
        if shape["exception"] != nil {
            let status = shape["error"]?["httpStatusCode"] ?? self.item["response"]?["status_code"] ?? .integer(400)
            traits["error"] = .string(shape["fault"] == nil ? "client" : "server")
            traits["httpError"] = status
            if let code = shape["error"]?["code"] {
                traits["aws.protocols#awsQueryError"] = .object(["code": code, "httpResponseCode": status])
            }
        }
        if let name = self.rootName(name) { traits["xmlName"] = .string(name) }
        var members: [String: CaseJSON] = [:]
        for (member, reference) in shape["members"]?.object ?? [:] {
            let isPayload = shape["payload"]?.string == member
            var reference = reference
            if isPayload, self.protocolName == "restXml", let root = self.responseRoot {
                reference = .object(reference.object.merging(["locationName": .string(root)]) { $1 })
            }
            members[member] = self.member(reference, isPayload: isPayload)
        }
        for part in ["member", "key", "value"] {
            if let reference = shape[part] { members[part] = self.member(reference, isPayload: false) }
        }
        for name in (shape["required"]?.array ?? []).compactMap(\.string) {
            guard var member = members[name]?.object else { continue }
            member["traits"] = .object((member["traits"]?.object ?? [:]).merging(["required": .object([:])]) { $1 })
            members[name] = .object(member)
        }
        return .object(["type": .string(type), "traits": .object(traits), "members": .object(members)])
    }

    /// The root of a document: told with the operation for inputs, only by the document for outputs.
    private func rootName(_ shape: String) -> String? {
        if self.given["input"]?["shape"]?.string == shape { return self.given["input"]?["locationName"]?.string }
        guard self.given["output"]?["shape"]?.string == shape, self.protocolName == "restXml" else { return nil }
        return self.responseRoot
    }

    private var responseRoot: String? {
        self.item["response"]?["body"]?.string?.firstMatch(of: /<([A-Za-z]+)[ >\/]/).map { String($0.1) }
    }

    private static func names(_ reference: CaseJSON) -> [String: CaseJSON] {
        var traits: [String: CaseJSON] = [:]
        if let namespace = reference["xmlNamespace"] {
            // Some suites write the URI alone.
            traits["xmlNamespace"] = namespace.string.map { .object(["uri": .string($0)]) } ?? namespace
        }
        if let name = reference["locationName"] { traits["xmlName"] = name }
        return traits
    }

    private func member(_ reference: CaseJSON, isPayload: Bool) -> CaseJSON {
        let target = reference["shape"]?.string ?? ""
        var traits = Self.names(reference)
        let name = reference["locationName"] ?? .string("")
        switch reference["location"]?.string {
        case "header": traits["httpHeader"] = name
        case "headers": traits["httpPrefixHeaders"] = name
        case "querystring":
            let isMap = self.shapes[target]?["type"]?.string == "map"
            traits[isMap ? "httpQueryParams" : "httpQuery"] = isMap ? .object([:]) : name
        case "uri": traits["httpLabel"] = .object([:])
        case "statusCode": traits["httpResponseCode"] = .object([:])
        default: if reference["locationName"] != nil { traits["jsonName"] = name }
        }
        if isPayload { traits["httpPayload"] = .object([:]) }
        if reference["xmlAttribute"] != nil { traits["xmlAttribute"] = .object([:]) }
        if let format = reference["timestampFormat"] { traits["timestampFormat"] = format }
        if reference["jsonvalue"] != nil { traits["mediaType"] = .string("application/json") }
        if reference["flattened"] != nil || self.shapes[target]?["flattened"] != nil {
            traits["xmlFlattened"] = .object([:])
        }
        return .object(["target": .string(Self.id(target)), "traits": .object(traits)])
    }
}
