/// Writes the schema text of a service; `SchemaText` in ServiceModel reads it.
struct SchemaEmitter {
    let service: ServiceIR

    func lines() -> [String] {
        [
            "/// What the AWS model says of \(self.service.name), read once at first use.",
            "package enum \(self.service.name)Schema {",
            "    private static let model = SchemaText(text)",
            "",
            "    package static var service: ServiceSchema { self.model.service }",
            "",
            "    /// The shape of that name in the model.",
            "    static func shape(_ name: String) -> ShapeSchema { self.model.shape(name) }",
            "",
            "    private static let text = #\"\"\"",
        ] + self.text().map { "        " + $0 } + ["        \"\"\"#", "}"]
    }

    /// The schema text, line by line.
    func text() -> [String] {
        var lines = [self.serviceLine(), "names " + self.service.file.operations.map(\.name).joined(separator: " ")]
        let inputs = Set(self.service.operations.map(\.input))
        for name in self.service.inSchema {
            let shape = self.service.shape(name)
            lines.append(
                (["shape", name, self.type(shape)] + self.facts(shape) + (inputs.contains(name) ? ["input"] : []))
                    .joined(separator: " ")
            )
            for member in shape.members ?? [] { lines.append(self.memberLine(member, of: shape)) }
            for (place, reference) in [("member", shape.member), ("key", shape.key), ("value", shape.value)] {
                guard var reference else { continue }
                reference.name = place
                lines.append(self.memberLine(reference, of: shape))
            }
        }
        return lines + self.service.operations.map(self.operationLine)
    }

    private func serviceLine() -> String {
        let metadata = self.service.file.metadata
        var words = [
            "service", "id=\(self.service.file.service)",
            "signing=\(metadata.signingName ?? metadata.endpointPrefix)", "endpoint=\(metadata.endpointPrefix)",
            "version=\(metadata.apiVersion)", "protocols=\(self.protocols(metadata).joined(separator: ","))",
        ]
        if let target = metadata.targetPrefix { words.append("target=\(Self.escaped(target))") }
        if let uri = metadata.xmlNamespace { words.append("xmlns=\(Self.escaped(uri))") }
        if metadata.awsQueryCompatible != nil { words.append("query-compatible") }
        return (words + self.service.quirks).joined(separator: " ")
    }

    /// In the model's order of preference.
    private func protocols(_ metadata: ModelFile.Metadata) -> [String] {
        (metadata.protocols ?? [metadata.protocol]).map { name in
            switch name {
            case "json": metadata.jsonVersion == "1.1" ? "awsJson1_1" : "awsJson1_0"
            case "rest-json": "restJson1"
            case "rest-xml": "restXml"
            case "query": "awsQuery"
            case "ec2": "ec2Query"
            default: "rpcv2Cbor"
            }
        }
    }

    private func type(_ shape: ModelFile.Shape) -> String {
        switch shape.type {
        case "structure": shape.isDocument ? "document" : shape.isUnion ? "union" : "structure"
        case "string", "character": shape.isEnumeration ? "enum" : "string"
        default: shape.type
        }
    }

    private func facts(_ shape: ModelFile.Shape) -> [String] {
        var words: [String] = []
        let isNumber = ["integer", "long", "short", "byte", "float", "double"].contains(shape.type)
        if let min = shape.min { words.append("\(isNumber ? "low" : "min")=\(Self.number(min))") }
        if let max = shape.max { words.append("\(isNumber ? "high" : "max")=\(Self.number(max))") }
        if let pattern = shape.pattern { words.append("pattern=\(Self.escaped(pattern))") }
        if shape.lengthFirst == true { words.append("length-first") }
        if let told = shape.told { words.append("told=" + told.map(Self.escaped).joined(separator: ",")) }
        if let values = shape.enum { words.append("enum=" + values.map(Self.escaped).joined(separator: ",")) }
        if shape.exception == true {
            words.append("error=\(shape.errorStatus)")
            if shape.fault == true { words.append("fault") }
            if let code = shape.error?.code { words.append("code=\(Self.escaped(code))") }
        }
        if let format = shape.timestampFormat { words.append("time=\(format)") }
        if let name = shape.locationName { words.append("xml=\(Self.escaped(name))") }
        if let namespace = shape.xmlNamespace { words.append("xmlns=\(Self.escaped(namespace.uri))") }
        if let prefix = shape.xmlNamespace?.prefix { words.append("xmlprefix=\(Self.escaped(prefix))") }
        if shape.sparse == true { words.append("sparse") }
        if shape.streaming == true { words.append("streaming") }
        if shape.eventstream == true { words.append("eventstream") }
        if shape.sensitive == true { words.append("sensitive") }
        if shape.wrapper == true { words.append("wrapper") }
        return words
    }

    private func memberLine(_ member: ModelFile.Reference, of shape: ModelFile.Shape) -> String {
        let name = member.name ?? ""
        var words = ["member", Self.escaped(name), member.shape]
        if self.service.isRequired(member, of: shape) { words.append("required") }
        if let length = member.length {
            words += ["min=\(Self.number(length.lowerBound))", "max=\(Self.number(length.upperBound))"]
        }
        words += self.location(member, of: shape)
        if member.flattened == true || self.service.shape(member.shape).flattened == true { words.append("flattened") }
        if member.xmlAttribute == true { words.append("attribute") }
        if let namespace = member.xmlNamespace { words.append("xmlns=\(Self.escaped(namespace.uri))") }
        if let prefix = member.xmlNamespace?.prefix { words.append("xmlprefix=\(Self.escaped(prefix))") }
        if let name = member.queryName { words.append("ec2=\(Self.escaped(name))") }
        if let format = member.timestampFormat { words.append("time=\(format)") }
        if member.idempotencyToken == true { words.append("token") }
        if member.hostLabel == true { words.append("host-label") }
        if member.sensitive == true { words.append("sensitive") }
        return words.joined(separator: " ")
    }

    /// Where the member travels; a `locationName` in the body is its name in documents.
    private func location(_ member: ModelFile.Reference, of shape: ModelFile.Shape) -> [String] {
        let name = Self.escaped(member.locationName ?? member.name ?? "")
        switch member.location {
        case "header": return ["header=\(name)"]
        case "headers": return ["headers=\(name)"]
        case "uri": return ["label"]
        case "querystring": return self.service.shape(member.shape).type == "map" ? ["queries"] : ["query=\(name)"]
        case "statusCode": return ["status"]
        default: break
        }
        if shape.payload == member.name { return ["payload"] }
        if member.eventheader == true { return ["event-header"] }
        if member.eventpayload == true { return ["event-payload"] }
        return member.locationName == nil ? [] : ["json=\(name)", "xml=\(name)"]
    }

    private func operationLine(_ operation: ServiceIR.Operation) -> String {
        let facts = operation.facts
        var words = ["operation", facts.name, operation.input, operation.output]
        if !facts.errors.isEmpty { words.append("errors=" + facts.errors.joined(separator: ",")) }
        if let method = facts.http.method, method != "POST" { words.append("method=\(method)") }
        if let uri = facts.http.requestUri, uri != "/" { words.append("uri=\(Self.escaped(uri))") }
        if let status = facts.http.responseCode, status != 200 { words.append("status=\(status)") }
        if let wrapper = facts.output?.resultWrapper { words.append("wrapper=\(Self.escaped(wrapper))") }
        if facts.unsigned == true { words.append("unsigned") }
        if let prefix = facts.hostPrefix { words.append("host-prefix=\(Self.escaped(prefix))") }
        return words.joined(separator: " ")
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map { String($0) } ?? String(value)
    }

    /// Bytes that the schema text, or the literal around it, uses itself.
    private static let marks = Array("%,\"#".utf8)

    /// Spaces, marks and what is not visible ASCII as `%XX`.
    static func escaped(_ text: String) -> String {
        var output = ""
        for byte in text.utf8 {
            if byte > 0x20, byte < 0x7F, !Self.marks.contains(byte) {
                output.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                output += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return output
    }
}
