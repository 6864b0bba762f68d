@conformance @parallel
Feature: Headers and media types
  Request and correlation ids, media types and charsets.

  Scenario: Calls are made with all kinds of headers
    When the harness sends the probes of these checks
      | C-REQUEST-ID-MISSING-LIST   | A list without X-Request-ID                  |
      | C-REQUEST-ID-MISSING-LETTER | A read without X-Request-ID                  |
      | C-REQUEST-ID-MISSING-DATA   | A link without X-Request-ID                  |
      | C-REQUEST-ID-MISSING-PATCH  | An update without X-Request-ID               |
      | C-REQUEST-ID-MISSING-BULK   | A bulk update without X-Request-ID           |
      | C-REQUEST-ID-MISSING-MI     | A record without X-Request-ID                |
      | C-REQUEST-ID-ECHO           | X-Request-ID is returned                      |
      | C-CORRELATION-ID-ECHO       | X-Correlation-ID is returned                  |
      | C-CORRELATION-ID-GENERATED  | X-Correlation-ID is generated where none was sent |
      | C-ERROR-ID                  | Each error has its own id                 |
      | C-MEDIA-JSON                | application/json                             |
      | C-MEDIA-UTF-8               | charset=utf-8                                |
      | C-MEDIA-UTF-16              | charset=utf-16                               |
      | C-MEDIA-LATIN-1             | charset=iso-8859-1                           |
      | C-MEDIA-TEXT                | text/plain                                   |
      | C-MEDIA-XML                 | application/xml                              |
      | C-MEDIA-ABSENT              | No media type                                |
      | C-ACCEPT-OTHER              | Accept: text/html                            |
    Then these checks hold
