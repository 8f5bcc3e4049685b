internal import Primitives
internal import ServiceModel

/// The envelopes around an error's members in the XML protocols.
enum XMLErrorEnvelope {
    /// `<ErrorResponse><Error><Type/><Code/><Message/>…</Error><RequestId/></ErrorResponse>`: awsQuery and restXml.
    static func wrapped(
        _ error: ServiceError, code: String, namespace: XMLNamespace?, requestID: RequestID
    ) -> XMLFormat.Envelope {
        var prefix: [UInt8] = []
        XMLText.appendStartTag("ErrorResponse", namespace, to: &prefix)
        XMLText.appendStartTag("Error", nil, to: &prefix)
        self.appendParts(error, code: code, hasType: true, to: &prefix)
        var suffix: [UInt8] = []
        XMLText.appendEndTag("Error", to: &suffix)
        XMLText.appendElement("RequestId", requestID.description, to: &suffix)
        XMLText.appendEndTag("ErrorResponse", to: &suffix)
        return XMLFormat.Envelope(prefix: prefix, suffix: suffix)
    }

    /// `<Error><Type/><Code/><Message/>…<RequestId/></Error>`: S3.
    static func bare(_ error: ServiceError, code: String, requestID: RequestID) -> XMLFormat.Envelope {
        var prefix = Array(XMLText.declaration.utf8)
        XMLText.appendStartTag("Error", nil, to: &prefix)
        self.appendParts(error, code: code, hasType: true, to: &prefix)
        var suffix: [UInt8] = []
        XMLText.appendElement("RequestId", requestID.description, to: &suffix)
        XMLText.appendEndTag("Error", to: &suffix)
        return XMLFormat.Envelope(prefix: prefix, suffix: suffix)
    }

    /// `<Response><Errors><Error><Code/><Message/>…</Error></Errors><RequestID/></Response>`: ec2Query.
    static func ec2(_ error: ServiceError, code: String, requestID: RequestID) -> XMLFormat.Envelope {
        var prefix = Array(XMLText.declaration.utf8)
        for name in ["Response", "Errors", "Error"] {
            XMLText.appendStartTag(name, nil, to: &prefix)
        }
        self.appendParts(error, code: code, hasType: false, to: &prefix)
        var suffix: [UInt8] = []
        XMLText.appendEndTag("Error", to: &suffix)
        XMLText.appendEndTag("Errors", to: &suffix)
        XMLText.appendElement("RequestID", requestID.description, to: &suffix)
        XMLText.appendEndTag("Response", to: &suffix)
        return XMLFormat.Envelope(prefix: prefix, suffix: suffix)
    }

    private static func appendParts(_ error: ServiceError, code: String, hasType: Bool, to output: inout [UInt8]) {
        if hasType { XMLText.appendElement("Type", error.isServerFault ? "Receiver" : "Sender", to: &output) }
        XMLText.appendElement("Code", code, to: &output)
        if !error.message.isEmpty { XMLText.appendElement("Message", error.message, to: &output) }
    }

    /// The document of an error whose members are all bound to the body.
    static func document(_ envelope: XMLFormat.Envelope, _ error: ServiceError) -> [UInt8] {
        let writer = XMLWriter(
            root: .none(memberNamespace: nil), prefix: envelope.prefix, suffix: envelope.suffix)
        if let detail = error.detail {
            detail.write(
                to: ErrorDetailWriter(writer, keepsStructure: true, dropsMessage: !error.message.isEmpty))
        }
        return writer.takeBytes()
    }
}
